// Package dataconn makes and owns data connections for both ends: where the
// server listens (PASV, EPSV), how the client dials, TLS on the connection, and
// the difference between a stream that ended and one that was cut.
//
// It knows nothing of sessions, commands or replies. Who may resume which TLS
// session is decided by the caller in the [Secure] function that it passes.
//
// How a data port is chosen is in lot.go, how the one connection is chosen
// among those that arrive there in candidates.go, and how a data connection
// ends in conn.go.
package dataconn
