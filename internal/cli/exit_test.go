package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

// T-12: the exit code tells what kind of failure it was, also if it is of several
// kinds.
func TestExitCode_T12(t *testing.T) {
	refused := &ftp.Error{Command: "RETR", Reply: ftp.Replyf(550, "no")}
	wrap := func(errs ...error) error { return fmt.Errorf("around: %w", errors.Join(errs...)) }
	tests := []struct {
		err  error
		code int
		hint string // part of it
	}{
		{nil, exitOK, ""},
		{errors.New("other"), exitOther, ""},
		{fs.ErrPermission, exitOther, ""},
		{&fs.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}, exitOther, ""},
		{&net.DNSError{Err: "no such host", Name: "x"}, exitNetwork, "host"},
		{usagef("bad flag"), exitUsage, "--help"},
		{wrap(ftp.ErrURL), exitUsage, "--help"},
		{wrap(refused), exitRefused, "sealane ls"},
		{&ftp.Error{Command: "PASS", Reply: ftp.Replyf(530, "no")}, exitRefused, "password"},
		{&ftp.Error{Command: "STOR", Reply: ftp.Replyf(552, "no")}, exitRefused, "room"},
		{&ftp.Error{Command: "MLSD", Reply: ftp.Replyf(502, "no")}, exitRefused, "MLSD"},
		{wrap(ftpclient.ErrTLS), exitTLS, "ftps://"},
		{wrap(ftpclient.ErrTLS, ftpclient.ErrPlaintextOnly, refused), exitPlaintextOnly, "ftps://"},
		{wrap(ftpclient.ErrTLS, ftpclient.ErrOtherCertificate), exitOtherServer, "data port"},
		{wrap(ftpclient.ErrTLS, ftpclient.ErrUnresumed), exitOtherServer, "--allow-unresumed"},
		{wrap(ftpclient.ErrTLS, certs.ErrUnknownAuthority), exitUnknownAuthority, "--ca"},
		{wrap(ftpclient.ErrTLS, certs.ErrNameMismatch), exitNameMismatch, "name"},
		{wrap(ftpclient.ErrTLS, certs.ErrExpired), exitExpired, "clock"},
		{wrap(ftpclient.ErrTLS, certs.ErrNotYetValid), exitNotYetValid, "clock"},
		{wrap(ftpclient.ErrTLS, certs.ErrRevoked), exitRevoked, "new certificate"},
		{wrap(ftpclient.ErrTLS, certs.ErrChangedKey), exitChangedKey, "confirms"},
		{wrap(ftpclient.ErrTLS, certs.ErrPin), exitChangedKey, "confirms"},
		{wrap(ftpclient.ErrTLS, certs.ErrWeakKey), exitWeakKey, "2048"},
		{wrap(ftpclient.ErrTLS, certs.ErrDowngrade), exitDowngrade, "--allow-downgrade"},
		{wrap(ftpclient.ErrNetwork), exitNetwork, "--timeout"},
		{wrap(&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}), exitNetwork, "firewall"},
		{wrap(context.DeadlineExceeded, ftpclient.ErrNetwork), exitNetwork, ""},
		{wrap(ftpclient.ErrNotVerified, ftpclient.ErrTruncated), exitNotVerified, "not proven"},
		{wrap(ftpclient.ErrNotVerified, refused), exitNotVerified, "not proven"},
		{wrap(ftpclient.ErrNotVerified, ftpclient.ErrNetwork), exitNetwork, ""},
		{wrap(context.Canceled, ftpclient.ErrNotVerified, ftpclient.ErrNetwork), exitInterrupted, ""},
		{withHint(wrap(ftpclient.ErrNotVerified), "do this"), exitNotVerified, "do this"},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		if code := report(&out, tt.err); code != tt.code {
			t.Errorf("%v: code %d, want %d", tt.err, code, tt.code)
		}
		sentence, hint, _ := strings.Cut(out.String(), "\n")
		if (tt.err != nil) != strings.HasPrefix(sentence, "sealane: ") {
			t.Errorf("%v: printed %q", tt.err, out.String())
		}
		if tt.hint != "" && (!strings.HasPrefix(hint, "hint: ") || !strings.Contains(hint, tt.hint)) {
			t.Errorf("%v: hint %q, want %q in it", tt.err, hint, tt.hint)
		}
	}
}

// C-16: the text of a server cannot drive the terminal through an error.
func TestReportEscapes_C16(t *testing.T) {
	var out bytes.Buffer
	report(&out, &ftp.Error{Command: "CWD", Reply: ftp.Reply{Code: 550, Lines: []string{"\x1b]52;c;eA==\a", "\u202eb\rc"}}})
	for _, r := range strings.TrimSuffix(out.String(), "\n") {
		if r != '\n' && r < ' ' || r == 0x202e {
			t.Errorf("%q holds %q", out.String(), r)
		}
	}
	if !strings.Contains(out.String(), `\x1b]52`) {
		t.Errorf("the text is gone: %q", out.String())
	}
}

// run runs a command line with empty input and no environment.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}
	code = Main(t.Context(), env, args)
	return code, out.String(), errs.String()
}

func TestUsageErrors(t *testing.T) {
	const u = "ftpes://a:b@127.0.0.1:1/f"
	for _, args := range [][]string{
		{"nonsense"}, {"get"}, {"get", u, "x", "y"}, {"get", "--nonsense", u}, {"get", "http://a/b"}, {"get", "ftpes://host/f%0d%0aDELE"},
		{"get", "ftpes://a:b@127.0.0.1:1/folder/"}, {"get", "ftpes://a:b@127.0.0.1:1/.."}, {"get", "ftpes://127.0.0.1:1/f"},
		{"get", "ftpes://a@127.0.0.1:1/f"}, {"get", "--resume", u, "-"}, {"get", "--json", u, "-"}, {"get", "--json", "--quiet", u},
		{"get", "--pin", "md5/x", u}, {"get", "--tls-min", "1.1", u}, {"get", "--timeout", "0s", u}, {"get", "--timeout", "x", u},
		{"get", "--insecure-plaintext", u}, {"get", "--insecure-plaintext", "--ca", "x", "ftp://a:b@127.0.0.1:1/f"},
		{"get", "--password-file", "x", u},
		{"get", "--ca", "x", "--pin", "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", u},
		{"put", "x"}, {"put", "-", "ftpes://a:b@127.0.0.1:1/folder/"}, {"put", "--resume", "-", u}, {"put", "--json", "--quiet", "x", u},
		{"ls"}, {"ls", "--quiet", u}, {"ls", "--resume", u},
	} {
		code, _, stderr := run(t, args...)
		if code != exitUsage || !strings.HasPrefix(stderr, "sealane: ") || !strings.Contains(stderr, "\nhint: ") {
			t.Errorf("%q: code %d, printed %q", args, code, stderr)
		}
		if strings.Contains(stderr, "a:b@") {
			t.Errorf("%q: the password is shown: %q", args, stderr)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, stderr := run(t, "get", "ftpes://a:b@127.0.0.1:1/f"); code != exitNetwork {
		t.Errorf("code %d, %q", code, stderr)
	}
	if left, _ := os.ReadDir("."); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
