// Package ftpclient is a client for FTP over TLS (RFC 4217) that reports
// success only for what it can prove: the end of the data was marked by TLS
// (close_notify), the server confirmed it with a 2yz reply, and the size is the
// one that the server itself names, where it names one; with [CheckHash] so is the
// hash. [Result] tells each of these facts.
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
// [ErrNotVerified] and [ErrProtocol] are wrapped by the others. [Temporary] says
// whether trying again makes sense, and [Retry] tries again.
//
// When the context of a call ends during the call, the error wraps the context's. A
// transfer is then aborted (ABOR), and if the server answers within half a second the
// Client can be used further. In every other case the connection is closed at once.
//
// [Client.ResumeRetrieve] and [Client.ResumeStore] go on with a transfer that broke
// off, after they have made sure that both ends speak of the same file. A [Pool] keeps
// connections, dials again after failures, and resumes.
//
// The client never says what program it is (CLNT).
package ftpclient
