// Package ftpclient is a client for FTP over TLS (RFC 4217) that reports
// success only for what it can prove: the end of the data was marked by TLS
// (close_notify), the server confirmed it with a 2yz reply, and the size is the
// one that the server itself names, where it names one.
//
// It fails closed. A server that refuses TLS, PBSZ or PROT P is an error, never
// a reason to go on in clear; a data connection that shows another certificate
// than the control connection, or stops resuming its TLS session, is refused;
// and the address in a passive reply is not used, only its port. Whom to trust is
// asked of crypto/tls and the system's roots, or of Options.Verify; package certs
// of this module has a Verifier for it.
//
// Paths are sent as they are given, byte for byte; give absolute ones. A path
// that holds CR, LF or NUL is refused before anything is sent.
//
// Errors can be told apart with errors.Is and errors.As: [*ftp.Error] is a
// reply by which the server refused a command, and [ErrTLS], [ErrNetwork],
// [ErrNotVerified] and [ErrProtocol] are wrapped by the others. When the context
// of a call ends during the call, the connection is closed at once and the error
// wraps the context's.
package ftpclient
