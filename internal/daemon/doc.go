// Package daemon is "sealane serve": it turns settings into listeners,
// certificate, accounts and an ftpserver.Server, tells a person how to connect,
// and stops cleanly.
package daemon
