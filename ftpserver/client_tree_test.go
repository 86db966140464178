package ftpserver_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/vfs"
)

// content reads a file of the tree; "" and false if there is none.
func content(t testing.TB, tree vfs.FS, name string) (string, bool) {
	t.Helper()
	p, err := vfs.Clean(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := tree.Open(context.Background(), p)
	if errors.Is(err, vfs.ErrNotExist) {
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), true
}

// wantFile checks what the tree has under a name.
func wantFile(t testing.TB, tree vfs.FS, name, want string) {
	t.Helper()
	if got, ok := content(t, tree, name); !ok || got != want {
		t.Errorf("%s: there %v, %d bytes %.40q; want %d bytes %.40q", name, ok, len(got), got, len(want), want)
	}
}

// wantNoFile checks that the tree has nothing under a name.
func wantNoFile(t testing.TB, tree vfs.FS, name string) {
	t.Helper()
	if got, ok := content(t, tree, name); ok {
		t.Errorf("%s is there, with %.40q", name, got)
	}
}

// eventLog gathers the events of a server.
type eventLog struct {
	mu     sync.Mutex
	events []ftpserver.Event
}

func (l *eventLog) observe(_ context.Context, e ftpserver.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func (l *eventLog) of(kind ftpserver.EventKind) []ftpserver.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []ftpserver.Event
	for _, e := range l.events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// tlsVersions runs a test once for each version that is spoken.
func tlsVersions(t *testing.T, run func(t *testing.T, version uint16)) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(strings.ReplaceAll(tls.VersionName(v), " ", ""), func(t *testing.T) {
			t.Parallel()
			run(t, v)
		})
	}
}

// pattern makes n bytes that differ from place to place, so that a lost or
// doubled part shows.
func pattern(n int) string {
	var b strings.Builder
	b.Grow(n + 16)
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.String()[:n]
}
