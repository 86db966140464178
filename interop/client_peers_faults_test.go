//go:build interop && linux

package interop

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// faulty has the account reach its server through a proxy: all its ports, at another
// loopback address.
func (a *account) faulty(t *testing.T) *ftptest.Proxy {
	t.Helper()
	proxy := &ftptest.Proxy{}
	t.Cleanup(proxy.Close)
	a.host = "127.0.0.2"
	for port := a.port; port <= a.to; port++ {
		p := strconv.Itoa(port)
		if _, err := proxy.Relay(net.JoinHostPort(a.host, p), net.JoinHostPort("127.0.0.1", p)); err != nil {
			t.Fatal(err)
		}
	}
	return proxy
}

const (
	cut = 2 << 20 // bytes of TLS before that
	// Pure-FTPd and pyftpdlib say nothing more when a data connection breaks; the client
	// waits for as long as it may for the reason.
	patient, unconfirmed, noRetry = "--timeout=5s", "--finish-timeout=5s", "--retries=0"
)

// C-09, C-10: a transfer that was cut, by FIN or by RST, is told as a failure, and goes
// on from where it was; the file is then as it would be without.
func TestClientResume(t *testing.T) {
	const size = 5 << 20
	eachPeer(t, func(t *testing.T, a *account) {
		proxy := a.faulty(t)
		dir := t.TempDir()
		local, back := filepath.Join(dir, "local"), filepath.Join(dir, "back")
		content := payload(size)
		if err := os.WriteFile(local, content, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, how := range []ftptest.Action{ftptest.Cut, ftptest.Reset} {
			remote := "/" + how.String()
			a.cutUpload(t, proxy, how, local, remote)

			proxy.Set(ftptest.Fault{Conn: 1, Direction: ftptest.Down, At: cut, Do: how})
			if out, code, err := a.sealane(t, "get", patient, noRetry, a.url(remote), back); code == 0 {
				t.Errorf("%v: the download was called a success: %q, %v", how, out, err)
			}
			wasCut(t, proxy)
			if _, err := os.Stat(back); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%v: a part has the name of the whole: %v", how, err)
			}
			proxy.Set()
			a.must(t, "get", "--resume", a.url(remote), back)
			if got, err := os.ReadFile(back); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%v: %d bytes, or they differ: %v", how, len(got), err)
			}

			// By itself the program tries again, and goes on.
			proxy.Set(ftptest.Fault{Conn: 1, Direction: ftptest.Down, At: cut, Do: how})
			a.must(t, "get", patient, a.url(remote), back+" again")
			wasCut(t, proxy)
			if got, err := os.ReadFile(back + " again"); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%v: after a retry %d bytes, or they differ: %v", how, len(got), err)
			}
			for _, name := range []string{back, back + " again"} {
				if err := os.Remove(name); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// cutUpload cuts uploads to remote, and has them go on.
func (a *account) cutUpload(t *testing.T, proxy *ftptest.Proxy, how ftptest.Action, local, remote string) {
	t.Helper()
	content, err := os.ReadFile(local)
	if err != nil {
		t.Fatal(err)
	}
	proxy.Set(ftptest.Fault{Conn: 1, Direction: ftptest.Up, At: cut, Do: how})
	if out, code, err := a.sealane(t, "put", patient, unconfirmed, noRetry, local, a.url(remote)); code == 0 {
		t.Errorf("%v: the upload was called a success: %q, %v", how, out, err)
	}
	wasCut(t, proxy)
	proxy.Set()
	if part, err := os.Stat(filepath.Join(a.tree, remote)); err != nil {
		t.Logf("%v: the server has kept nothing: %v", how, err)
	} else if part.Size() >= int64(len(content)) {
		t.Errorf("%v: the server has %d bytes", how, part.Size())
	}
	a.must(t, "put", "--resume", local, a.url(remote))
	if got := a.stored(t, remote); !bytes.Equal(got, content) {
		t.Errorf("%v: %d bytes are there, or they differ", how, len(got))
	}

	// By itself the program tries again, and goes on; also if the server has called the
	// part whole, as ProFTPD, Pure-FTPd and pyftpdlib do: only the size tells.
	proxy.Set(ftptest.Fault{Conn: 1, Direction: ftptest.Up, At: cut, Do: how})
	if _, _, err := a.sealane(t, "put", patient, unconfirmed, local, a.url(remote)); err != nil {
		t.Errorf("%v: a retry: %v", how, err)
	}
	wasCut(t, proxy)
	if got := a.stored(t, remote); !bytes.Equal(got, content) {
		t.Errorf("%v: after a retry %d bytes are there, or they differ", how, len(got))
	}
}

func wasCut(t *testing.T, proxy *ftptest.Proxy) {
	t.Helper()
	if got := proxy.Passages(); len(got) < 2 || !got[1].Faulty {
		t.Fatalf("nothing was cut: %+v", got)
	}
}

// library logs in by the library.
func (a *account) library(t *testing.T) *ftpclient.Client {
	t.Helper()
	u, err := ftp.ParseURL(a.url("/"))
	if err != nil {
		t.Fatal(err)
	}
	u.Password, u.HasPassword = a.grounds.password, true
	pem, err := os.ReadFile(a.tls.certificate)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c, err := ftpclient.Dial(t.Context(), u, ftpclient.Options{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// stopper ends a context when so many bytes have passed.
type stopper struct {
	left   int
	cancel context.CancelFunc
}

func (s *stopper) pass(n int) {
	if s.left -= n; s.left <= 0 {
		s.cancel()
	}
}

func (s *stopper) Write(p []byte) (int, error) { s.pass(len(p)); return len(p), nil }

func (s *stopper) Read(p []byte) (int, error) {
	s.pass(len(p))
	return len(p), nil
}

// A transfer that is given up (ABOR) is told as the end of its context. The connection
// goes on if the server answers in time; if not, it says that it is closed, and a new
// one does: which server does what is logged.
func TestClientAbort(t *testing.T) {
	eachPeer(t, func(t *testing.T, a *account) {
		content := payload(64 << 20)
		if err := os.WriteFile(filepath.Join(a.tree, "large"), content, 0o644); err != nil {
			t.Fatal(err)
		}
		c := a.library(t)
		for _, way := range []string{"download", "upload"} {
			ctx, cancel := context.WithCancel(t.Context())
			s := &stopper{1 << 20, cancel}
			var err error
			if way == "download" {
				_, err = c.Retrieve(ctx, "/large", 0, s)
			} else {
				_, err = c.Store(ctx, "/up", 0, s)
			}
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", way, err)
			}
			if err := c.Noop(t.Context()); err != nil {
				t.Logf("%s: the connection does not outlive ABOR: %v", way, err)
				c = a.library(t)
			} else {
				t.Logf("%s: the connection goes on after ABOR", way)
			}
			if _, err := c.Store(t.Context(), "/after", 0, bytes.NewReader(content[:100_000])); err != nil {
				t.Errorf("upload after the %s: %v", way, err)
			}
			var got bytes.Buffer
			if _, err := c.Retrieve(t.Context(), "/after", 0, &got); err != nil || !bytes.Equal(got.Bytes(), content[:100_000]) {
				t.Errorf("download after the %s: %d bytes, %v", way, got.Len(), err)
			}
		}
	})
}
