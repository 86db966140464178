package auth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/netip"

	"github.com/sealane/sealane/vfs"
)

// ErrDenied is what a Login returns, plain or wrapped, for an unknown name, a
// wrong password, a disabled or an expired account. The peer sees the same 530
// for all of them; the wrapped reason is for the log.
var ErrDenied = errors.New("login denied")

// ErrPassword is what a Login returns, plain or wrapped, if Credentials.NoPassword is set
// and the certificate is not enough.
var ErrPassword = errors.New("the password is needed")

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
	// Certificate is the one by which the client has shown, in the handshake, that it
	// holds its key; nil: none. CertificateErr says why the server trusts none of what
	// is written in it; nil: an authority vouches for it, by TLSPolicy.VerifyClient of
	// ftpserver.
	Certificate    *x509.Certificate
	CertificateErr error
	// CertificateRequired is set where the listener by which the client came lets nobody
	// in without a certificate, see [CertificatePolicy].
	CertificateRequired bool
	// NoPassword is set when USER asks whether the certificate alone logs in, be
	// CertificateErr nil or not: who goes by names must look at that. Then
	// Login grants that, or returns ErrPassword, or another error, which all come to the
	// same for the client: it is asked for the password.
	NoPassword bool
	// Host is the virtual host that the client has chosen, by its first name; empty:
	// none. It need not be a name that the client proved to mean.
	Host string
}

// Grant is what a successful login gives to one session.
type Grant struct {
	// Account is the canonical name, the same for every spelling that logs in, and
	// another one for another account, also on another virtual host.
	// Sessions with equal Account may vouch for each other's data connections.
	Account string
	// FS is the tree that the session sees. It may be shared by many sessions;
	// who made it closes it, never the session.
	FS vfs.FS
	// Home is the working directory after login.
	Home vfs.Path
	// Release, if set, is called once when the session is done with the grant: at another
	// login, at REIN, and at its end. It must return soon.
	Release func()
	// Data is the account's own policy for its data connections. The zero value is
	// the server's.
	Data DataPolicy
}

// DataPolicy is in what the data connections of one account are judged otherwise
// than the server judges those of all.
type DataPolicy struct {
	// Resumption goes over the server's policy.
	Resumption Resumption
	// LegacyEOF takes the end of the connection (a FIN between two TLS records) for
	// the end of an upload, for devices that send no close_notify. Anybody on the way
	// can then make a part of a file look like the whole of it, so set it for no
	// account that does not need it. Uploads that end within a record are refused all
	// the same.
	LegacyEOF bool
}

// Resumption says whether the data connections of an account must resume a TLS
// session of that account.
type Resumption uint8

const (
	// ResumptionDefault leaves it to the server.
	ResumptionDefault Resumption = iota
	// ResumptionAuto prefers those that resume, and serves the others too.
	ResumptionAuto
	// ResumptionRequire refuses those that do not resume.
	ResumptionRequire
	// ResumptionOff takes the first one.
	ResumptionOff
)

// Login judges credentials. It must be safe for use by many sessions at once,
// should end soon after ctx does, and returns a Grant or an error that wraps
// ErrDenied or ErrBusy; any other error is answered like ErrBusy and logged.
type Login func(ctx context.Context, c Credentials) (*Grant, error)
