// Package daemon is "sealane serve": it turns settings into listeners,
// certificate, accounts and an ftpserver.Server, tells a person how to connect,
// and stops cleanly.
//
// Unless GOGC or GOMEMLIMIT is set in the environment, it sets how much garbage may
// gather before the garbage collector runs: 8 MiB, or a quarter of what is live if
// that is more; and it collects what the last password hash has left
// (docs/design/0005-memory.md). That holds for the whole process.
package daemon
