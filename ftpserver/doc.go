// Package ftpserver is an FTP server that is safe as it comes: the zero [Server]
// with a certificate and a login demands TLS 1.2 or 1.3 on control and data
// connections (RFC 4217), stores uploads as transactions, and keeps every peer
// within bounds of memory and time.
//
// The one callback to write is an [auth.Login]; what a session then sees is the
// [vfs.FS] of its grant. Logs, metrics and audit trails hang on [Server.Observe].
//
// Inside, commands.go is the table of all verbs and cmd_VERB.go holds each one.
// A handler returns a reply and never writes one: the goroutine of the session
// is the only writer and the only one that touches the session's state.
package ftpserver
