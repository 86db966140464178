package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/daemon"
	"github.com/sealane/sealane/internal/ui"
)

// The exit codes that scripts may rely on. ExitCodes says what they mean.
const (
	exitOK          = 0
	exitOther       = 1
	exitUsage       = 2
	exitPartly      = 3
	exitRefused     = 4
	exitTLS         = 5
	exitNetwork     = 6
	exitNotVerified = 7
	exitFindings    = 8

	exitOtherServer      = 50
	exitUnknownAuthority = 51
	exitNameMismatch     = 52
	exitExpired          = 53
	exitNotYetValid      = 54
	exitRevoked          = 55
	exitChangedKey       = 56
	exitWeakKey          = 57
	exitPlaintextOnly    = 58
	exitDowngrade        = 59

	exitInterrupted = 130
)

// errPartly is wrapped by the error of a command that has done a part of its work:
// some files failed, others are done.
var errPartly = errors.New("partly done")

// errNoMatch says that there is nothing of the name that was asked for.
var errNoMatch = errors.New("nothing matches")

// errNotOffered says that the server does not have what is needed.
var errNotOffered = errors.New("the server offers no")

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
	var problem *control.Problem
	var start *daemon.StartError
	// Not net.Error: every error number of the system is one, "permission denied" of
	// a local file too.
	var dial *net.OpError
	var name *net.DNSError
	reason, distrusted := trustOf(err)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage), errors.Is(err, ftp.ErrURL):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &start):
		return exitOther // also where what failed was the network
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errPartly):
		return exitPartly
	case errors.Is(err, context.DeadlineExceeded):
		return exitNetwork
	case distrusted:
		return reason.code
	case errors.Is(err, ftpclient.ErrNotVerified) && !errors.Is(err, ftpclient.ErrNetwork):
		return exitNotVerified
	case errors.As(err, &refused), errors.As(err, &problem), errors.Is(err, errNoMatch), errors.Is(err, errNotOffered):
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
	parts := []complaint{{"interrupted", hintFor(err, code)}}
	if code != exitInterrupted {
		parts = complaints(err, code)
	}
	for _, one := range parts {
		// Texts of the server are in it.
		_, _ = fmt.Fprintf(w, "sealane: %s\n", ui.Safe(strings.ReplaceAll(one.text, "\n", " / ")))
		if one.hint != "" {
			_, _ = fmt.Fprintf(w, "hint: %s\n", ui.Safe(one.hint))
		}
	}
	return code
}

// complaint is an error as people get it.
type complaint struct{ text, hint string }

// complaints gives what was joined one by one, each with its own hint.
func complaints(err error, code int) (out []complaint) {
	if usage, ok := err.(usageError); ok {
		return complaints(usage.error, code)
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list := joined.Unwrap()
		// One with text of its own between them stays a whole.
		if errors.Join(list...).Error() == err.Error() {
			for _, one := range list {
				out = append(out, complaints(one, code)...)
			}
			return out
		}
	}
	if e, ok := err.(*config.Error); ok {
		return []complaint{{e.Place() + e.Message, e.Hint}}
	}
	if p, ok := err.(*control.Problem); ok && p.Advice == "" {
		for _, line := range strings.Split(p.Message, "\n") {
			out = append(out, complaint{text: line})
		}
		return out
	}
	return []complaint{{err.Error(), hintFor(err, code)}}
}

// hintFor gives the hint of err, or one for its kind.
func hintFor(err error, code int) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	var refused *ftp.Error
	reason, distrusted := trustOf(err)
	switch {
	case code == exitUsage:
		return "sealane help, or --help behind a command, shows how it is used"
	case distrusted && reason.code == code:
		return reason.hint
	case code == exitNotVerified:
		return "run it again; the file is not proven to be whole"
	case code == exitNetwork:
		return "check host, port and firewall; --timeout waits longer"
	case errors.As(err, &refused):
		return refusedHint(refused)
	case errors.Is(err, ftpclient.ErrProtocol):
		return "check that host and port are those of an FTP server; --verbose shows what it says"
	}
	return fileHint(err)
}

// fileHint is for files of this machine.
func fileHint(err error) string {
	var path *fs.PathError
	switch {
	case !errors.As(err, &path):
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return "check the path"
	case errors.Is(err, fs.ErrPermission):
		return "check the rights of the file and of its folder, or become the user that may"
	}
	return "check the path, the disk, and whether it can be written"
}

// unavailableHint is for a 550, which means anything.
func unavailableHint(verb string) string {
	switch verb {
	case "RETR":
		return "check the path, and that this user may read it; sealane ls shows what is there, and a folder needs --recursive"
	case "STOR":
		return `check the path, and that this user may write there; sealane mkdir makes a folder, and with "/" at its end the URL names one to put into`
	case "DELE":
		return "check the path, and that this user may delete it; a folder needs sealane rmdir, or --recursive"
	case "RMD":
		return "check the path; only an empty folder can be removed, and sealane rm -r removes it with all that is in it"
	case "MKD":
		return "check the path: there may be something of that name already, or the folder above may be missing, which --parents makes too"
	case "RNTO":
		return `check the new name: there may be something of that name already; with "/" at its end it is a folder`
	}
	return "check the path, and that this user may use it; sealane ls shows what is there"
}

func refusedHint(refused *ftp.Error) string {
	switch refused.Reply.Code {
	case ftp.Code530NotLoggedIn:
		return "check user and password"
	case ftp.Code550Unavailable:
		return unavailableHint(refused.Command)
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
