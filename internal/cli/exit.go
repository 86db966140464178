package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// The exit codes that scripts may rely on.
const (
	exitOK          = 0
	exitOther       = 1
	exitUsage       = 2
	exitRefused     = 4 // by the server: login, permission, not found
	exitTLS         = 5 // TLS or trust
	exitNetwork     = 6 // network or time-out
	exitNotVerified = 7 // truncated, or size or hash differ
	exitInterrupted = 130
)

// usageError is an error of the command line itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// hintError adds to an error what to do next.
type hintError struct {
	error
	hint string
}

func (e hintError) Unwrap() error { return e.error }

// Hint says what to do next. Errors of other packages have it too.
func (e hintError) Hint() string { return e.hint }

// withHint adds a hint to err. The hint nearest to the person wins: an outer one
// is shown in place of an inner one.
func withHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return hintError{err, fmt.Sprintf(format, args...)}
}

// exitCode gives the code for an error. The order matters: an error can be of
// several kinds, and the first says most about what to do.
func exitCode(err error) int {
	var usage usageError
	var refused *ftp.Error
	// Not net.Error: every error number of the system is one, "permission denied" of
	// a local file too.
	var dial *net.OpError
	var name *net.DNSError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage), errors.Is(err, ftp.ErrURL):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		return exitNetwork
	case errors.Is(err, ftpclient.ErrTLS):
		return exitTLS
	case errors.Is(err, ftpclient.ErrNotVerified) && !errors.Is(err, ftpclient.ErrNetwork):
		return exitNotVerified
	case errors.As(err, &refused):
		return exitRefused
	case errors.Is(err, ftpclient.ErrNetwork), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &dial), errors.As(err, &name):
		return exitNetwork
	}
	return exitOther
}

// report prints err to people and returns the exit code.
func report(w io.Writer, err error) int {
	code := exitCode(err)
	if err == nil {
		return code
	}
	text := err.Error()
	if code == exitInterrupted {
		text = "interrupted"
	}
	// Texts of the server are in it.
	text = ui.Safe(strings.ReplaceAll(text, "\n", " / "))
	_, _ = fmt.Fprintf(w, "sealane: %s\n", text)
	if hint := hintFor(err, code); hint != "" {
		_, _ = fmt.Fprintf(w, "hint: %s\n", ui.Safe(hint))
	}
	return code
}

// hintFor gives the hint of err, or one for its kind.
func hintFor(err error, code int) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	var refused *ftp.Error
	switch {
	case code == exitUsage:
		return "sealane help, or --help behind a command, shows how it is used"
	case code == exitTLS:
		return tlsHint(err)
	case code == exitNotVerified:
		return "run it again; the file is not proven to be whole"
	case code == exitNetwork:
		return "check host, port and firewall; --timeout waits longer"
	case errors.As(err, &refused):
		return refusedHint(refused)
	}
	return ""
}

func tlsHint(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var refused *ftp.Error
	switch {
	case errors.As(err, &unknown) && unknown.Cert != nil:
		return "if the owner of the server confirms that its key is " + certs.PinSPKI(unknown.Cert) +
			", trust it with --pin; or trust an authority with --ca FILE"
	case errors.As(err, &name):
		return "use the name that the certificate is made for, or trust the key itself with --pin"
	case errors.As(err, &invalid):
		return "the owner of the server has to renew its certificate; check the clock of this machine too"
	case errors.Is(err, certs.ErrPin):
		return "do not go on before the owner of the server confirms the new key"
	case errors.As(err, &refused):
		return "ftps://HOST (port 990) may work if the server has implicit TLS only"
	}
	return "ftpes:// is explicit TLS (port 21), ftps:// implicit (port 990): check that the URL is of the right kind"
}

func refusedHint(refused *ftp.Error) string {
	switch refused.Reply.Code {
	case ftp.Code530NotLoggedIn:
		return "check user and password"
	case ftp.Code550Unavailable:
		return "check the path, and that this user may use it; sealane ls shows what is there"
	case ftp.Code552QuotaExceeded, ftp.Code452NoSpace:
		return "make room on the server"
	case ftp.Code500Unknown, ftp.Code502NotImplemented:
		return "the server does not know the command " + refused.Command
	}
	if refused.Temporary() {
		return "the server says that it may work later"
	}
	return ""
}
