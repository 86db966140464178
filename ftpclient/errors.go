package ftpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/sealane/sealane/internal/wire"
)

// The kinds of failure besides *ftp.Error. An error may wrap several of them
// and an *ftp.Error as well: a server that refuses AUTH TLS is both.
var (
	// ErrTLS means that the connection is not as safe as was asked for: no
	// TLS, a certificate that is not trusted, a handshake that failed.
	ErrTLS = errors.New("TLS failed")
	// ErrPlaintextOnly means that the server has refused AUTH TLS, and not only
	// for the moment; somebody in between may have done so in its name. Nothing
	// else was sent. Errors that wrap it wrap ErrTLS too, as with the two below.
	ErrPlaintextOnly = errors.New("the server offers no TLS")
	// ErrOtherCertificate ends a data connection on which somebody else answers
	// than on the control connection (RFC 4217 §15.1.1).
	ErrOtherCertificate = errors.New("the data connection shows another certificate than the control connection")
	// ErrUnresumed ends a data connection that does not resume the TLS session of
	// the control connection, although the server is known to do that.
	ErrUnresumed = errors.New("the data connection does not resume the TLS session, although earlier ones did")
	// ErrNetwork means that a connection could not be made, was lost, or did
	// not get on within its time.
	ErrNetwork = errors.New("network failure")
	// ErrNotVerified means that bytes were moved but that the whole file is
	// not proven to have arrived.
	ErrNotVerified = errors.New("not verified")
	// ErrTruncated means that a data connection ended without the mark of the
	// end (close_notify). Errors that wrap it wrap ErrNotVerified too.
	ErrTruncated = errors.New("the data connection was cut")
	// ErrProtocol means that the server sent what FTP does not allow.
	ErrProtocol = errors.New("the server broke the protocol")
	// ErrBusy is returned for a call made while a listing is being read.
	ErrBusy = errors.New("the connection is busy with a transfer")
	// ErrClosed is returned for a call on a closed Client.
	ErrClosed = errors.New("the client is closed")
)

// LocalError is what the reader or the writer of a caller has failed with, such as a disk
// that is full. It ends the transfer; what the server makes of that is not in it.
type LocalError struct{ Err error }

func (e *LocalError) Error() string { return e.Err.Error() }
func (e *LocalError) Unwrap() error { return e.Err }

// local is the LocalError for err, unless that tells of the server, or is nil.
func local(err error) error {
	var differs differing
	if err == nil || errors.As(err, &differs) {
		return err
	}
	return &LocalError{err}
}

// controlError puts an error of the control connection into its kind.
func controlError(err error) error {
	var alert *net.OpError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, wire.ErrBadReply):
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	case errors.As(err, &alert) && (alert.Op == "remote error" || alert.Op == "local error"):
		// These are the alerts of crypto/tls, whose own type it does not export.
		// In TLS 1.3 a server tells only after the handshake that it wants a
		// client certificate (RFC 8446 §4.4.2.4).
		return fmt.Errorf("%w: %w", ErrTLS, err)
	case errors.As(err, &record):
		return fmt.Errorf("%w: the server sent something in clear: %w", ErrTLS, err)
	}
	return fmt.Errorf("%w: the control connection was lost: %w", ErrNetwork, plain(err))
}

// handshakeError puts an error of a TLS handshake into its kind: one that came
// of time alone says nothing of trust.
func handshakeError(which string, err error) error {
	var ne net.Error
	kind := ErrTLS
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout() {
		kind = ErrNetwork
	}
	return fmt.Errorf("%w: handshake of the %s connection: %w", kind, which, plain(err))
}
