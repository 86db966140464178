package acme

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"
)

// An authority that gives nothing must not keep a server from starting, nor from
// answering handshakes, and is told of.
func TestAuthorityThatFails(t *testing.T) {
	asked := make(chan struct{})
	var once sync.Once
	authority := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() { close(asked) })
		http.Error(w, "on holiday", http.StatusForbidden)
	}))
	defer authority.Close()
	roots := authority.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	o := good()
	o.Storage, o.Directory, o.Roots = filepath.Join(t.TempDir(), "acme"), authority.URL, roots
	failed := make(chan error, 16)
	o.Changed = func(_ string, _ bool, err error) { failed <- err }
	var log lines
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := m.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	<-asked
	if cert, err := m.GetCertificate(hello("ftp.example.org")); cert != nil || !errors.Is(err, ErrNone) {
		t.Errorf("got %v, %v, want ErrNone", cert, err)
	}
	if err := <-failed; err == nil {
		t.Error("the failure was told of as a success")
	}
	if text := log.String(); !strings.Contains(text, "acme: ") {
		t.Errorf("the log does not tell of it:\n%s", text)
	}
}

func hello(name string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{ServerName: name, SupportedVersions: []uint16{tls.VersionTLS13},
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, CipherSuites: []uint16{tls.TLS_AES_128_GCM_SHA256}}
}

// What keeps the keys is for the owner only.
func TestStorageThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := good()
	o.Storage = filepath.Join(file, "acme")
	o.Logger = slog.New(slog.DiscardHandler)
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := m.Start(ctx); err == nil {
		t.Error("Start took a folder below a file")
	}
}

// Names that clients ask for reach neither the disk nor the authority.
func TestForeignNames(t *testing.T) {
	o := good()
	o.Storage = filepath.Join(t.TempDir(), "acme")
	o.Logger = slog.New(slog.DiscardHandler)
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, name := range []string{"", ".", "../../etc/passwd", "a\x00b", strings.Repeat("a.", 200), "ftp.example.org."} {
		if _, err := m.GetCertificate(hello(name)); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := os.Stat(o.Storage); !os.IsNotExist(err) {
		t.Errorf("the storage was touched: %v", err)
	}
}

func TestLog(t *testing.T) {
	var log lines
	z := newZap(slog.New(slog.NewTextHandler(&log, nil)))
	z.Debug("hidden")
	z.With(zap.String("name", "a\nb")).Warn("careful", zap.Int("n", 3), zap.Error(errors.New("oops")))
	text := log.String()
	for _, want := range []string{"level=WARN", `msg="acme: careful"`, `name="a\nb"`, "n=3", "error=oops"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	if strings.Contains(text, "hidden") || strings.Count(text, "\n") != 1 {
		t.Errorf("not one line: %s", text)
	}
}

// lines is a log that several goroutines write.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
