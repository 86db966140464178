package auth

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"

	"github.com/sealane/sealane/vfs"
)

// ErrDenied is what a Login returns, plain or wrapped, for an unknown name, a
// wrong password, a disabled or an expired account. The peer sees the same 530
// for all of them; the wrapped reason is for the log.
var ErrDenied = errors.New("login denied")

// ErrBusy is what a Login returns when it cannot judge at this moment. The peer
// sees a 421 and may come again.
var ErrBusy = errors.New("login not possible now")

// Credentials is what a client showed. Name and password are bytes as sent,
// not cleaned in any way: never build a path, a query or a log line of them
// without escaping.
type Credentials struct {
	User     string
	Password string
	Remote   netip.AddrPort
	TLS      *tls.ConnectionState // nil on a control connection without TLS
}

// Grant is what a successful login gives to one session.
type Grant struct {
	// Account is the canonical name, the same for every spelling that logs in.
	// Sessions with equal Account may vouch for each other's data connections.
	Account string
	// FS is the tree that the session sees. It may be shared by many sessions;
	// who made it closes it, never the session.
	FS vfs.FS
	// Home is the working directory after login.
	Home vfs.Path
}

// Login judges credentials. It must be safe for use by many sessions at once,
// should end soon after ctx does, and returns a Grant or an error that wraps
// ErrDenied or ErrBusy; any other error is answered like ErrBusy and logged.
type Login func(ctx context.Context, c Credentials) (*Grant, error)
