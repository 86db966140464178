package ftpserver

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
	"github.com/sealane/sealane/vfs"
)

// refusal is an error that carries its reply, for checks that several commands
// share.
type refusal struct{ reply ftp.Reply }

func (r *refusal) Error() string { return r.reply.String() }

func refuse(code ftp.Code, text string) error {
	return &refusal{ftp.Reply{Code: code, Lines: []string{text}}}
}

// transferError says on which side of a transfer an error happened: a broken
// data connection is the peer's matter (426), the storage is ours.
type transferError struct{ err error }

func (e *transferError) Error() string { return "data connection: " + e.err.Error() }
func (e *transferError) Unwrap() error { return e.err }

// replyTo turns an error into a reply, in this one place. The text tells the peer
// nothing but what it can see itself; what only we know goes to the log under an
// id that the peer is given.
func (s *session) replyTo(err error) ftp.Reply {
	var refused *refusal
	var broken *transferError
	switch {
	case errors.As(err, &refused):
		return refused.reply
	case errors.Is(err, errAborted):
		return ftp.Replyf(ftp.Code426Aborted, "Transfer aborted.")
	case errors.Is(err, errShutdown):
		return ftp.Replyf(ftp.Code426Aborted, "Transfer aborted: the server is shutting down.")
	case errors.Is(err, errKicked):
		return ftp.Replyf(ftp.Code426Aborted, "Transfer aborted by the administrator.")
	case errors.As(err, &broken):
		return transferReply(broken)
	case errors.Is(err, vfs.ErrNotExist):
		return ftp.Replyf(ftp.Code550Unavailable, "No such file or directory.")
	case errors.Is(err, vfs.ErrPermission):
		return ftp.Replyf(ftp.Code550Unavailable, "Permission denied.")
	case errors.Is(err, vfs.ErrExist):
		return ftp.Replyf(ftp.Code550Unavailable, "It exists already.")
	case errors.Is(err, vfs.ErrIsDir):
		return ftp.Replyf(ftp.Code550Unavailable, "It is a directory.")
	case errors.Is(err, vfs.ErrNotDir):
		return ftp.Replyf(ftp.Code550Unavailable, "It is not a directory.")
	case errors.Is(err, vfs.ErrNotEmpty):
		return ftp.Replyf(ftp.Code550Unavailable, "The directory is not empty.")
	case errors.Is(err, vfs.ErrNotRegular):
		return ftp.Replyf(ftp.Code550Unavailable, "It is not a regular file.")
	case errors.Is(err, vfs.ErrConflict):
		return ftp.Replyf(ftp.Code450Busy, "The file was changed meanwhile; try again.")
	case errors.Is(err, vfs.ErrUnfinished):
		return ftp.Replyf(ftp.Code550Unavailable, "An upload of this file broke off: resume it with REST and STOR, or send all of it with STOR.")
	case errors.Is(err, vfs.ErrUnsupported):
		return ftp.Replyf(ftp.Code550Unavailable, "This storage cannot do that.")
	case errors.Is(err, vfs.ErrQuota):
		return ftp.Replyf(ftp.Code552QuotaExceeded, "Quota exceeded.")
	case errors.Is(err, vfs.ErrNoSpace):
		return ftp.Replyf(ftp.Code452NoSpace, "No space left.")
	case errors.Is(err, vfs.ErrBadName):
		return ftp.Replyf(ftp.Code553BadName, "Name not allowed.")
	case errors.Is(err, vfs.ErrOffset):
		return ftp.Replyf(ftp.Code554BadRestart, "The offset is beyond the end of the file.")
	case errors.Is(err, auth.ErrDenied):
		return ftp.Replyf(ftp.Code530NotLoggedIn, "Login incorrect.")
	}
	id := logID()
	s.srv.Logger.Error("local error", "id", id, "session", s.name(), "error", err)
	return ftp.Replyf(ftp.Code451LocalError, "Local error; the log has it as %s.", id)
}

// transferReply is for a transfer whose data connection did not open, or broke.
func transferReply(e *transferError) ftp.Reply {
	switch {
	case errors.Is(e.err, dataconn.ErrUnproven):
		return ftp.Replyf(ftp.Code522Protocol, "The data connection must resume the TLS session: switch on TLS session reuse in the client.")
	case errors.Is(e.err, dataconn.ErrRivals):
		return ftp.Replyf(ftp.Code425NoDataConn, "Two connections claimed the data port; use PASV or EPSV again.")
	case errors.Is(e.err, dataconn.ErrHandshake):
		return ftp.Replyf(ftp.Code522Protocol, "The TLS handshake on the data connection failed.")
	case errors.Is(e.err, errNoConnection):
		return ftp.Replyf(ftp.Code425NoDataConn, "No data connection was made; use PASV or EPSV again.")
	case errors.Is(e.err, dataconn.ErrTruncated), errors.Is(e.err, io.ErrUnexpectedEOF):
		return ftp.Replyf(ftp.Code426Aborted, "The data connection ended without close_notify: the file is not whole.")
	case errors.Is(e.err, dataconn.ErrStalled):
		return ftp.Replyf(ftp.Code426Aborted, "The data connection stalled.")
	}
	return ftp.Replyf(ftp.Code426Aborted, "The data connection broke.")
}

// logID names a line of the log in a reply, without telling what it says.
func logID() string {
	var b [4]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// quotePath gives a path as a 257 reply has it: quotes around it, and those in it
// doubled (RFC 959 appendix II).
func quotePath(p vfs.Path) string {
	return `"` + strings.ReplaceAll(p.String(), `"`, `""`) + `"`
}

func tlsVersion(v uint16) string { return tls.VersionName(v) }
