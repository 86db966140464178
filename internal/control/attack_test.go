package control

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A link at the place of the socket is not followed, wherever it leads, and what it leads to
// stays as it is.
func TestListenAtLink(t *testing.T) {
	t.Parallel()
	dir := socketDir(t)
	file, live := filepath.Join(dir, "file"), filepath.Join(dir, "live")
	if err := os.WriteFile(file, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", live)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for i, target := range []string{file, live, dir, filepath.Join(dir, "none")} {
		path := filepath.Join(dir, fmt.Sprint("link", i))
		if err := os.Symlink(target, path); err != nil {
			t.Skip("the system makes no links: ", err)
		}
		if l, err := Listen(path); err == nil {
			l.Close()
			t.Errorf("a link to %s was taken for a place", target)
		}
		if got, err := os.Readlink(path); got != target || err != nil {
			t.Errorf("the link has become %q, %v", got, err)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Size() != 4 || runtime.GOOS != "windows" && info.Mode().Perm() != 0o644 {
		t.Errorf("the file behind a link: %v, %v", info, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was made behind a link: %v", err)
	}
}

// Whoever holds connections open, in whatever part of a request, keeps no one else waiting;
// what they began is not done.
func TestSlowRequests(t *testing.T) {
	t.Parallel()
	h := &house{drained: make(chan time.Duration, 10)}
	c, path := start(t, h)
	for i := range 200 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		begun := []string{"", "POST /v1/dr", "POST /v1/drain HTTP/1.1\r\nHost: x\r\n", "POST /v1/drain HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{\"for_ns\"",
			"POST /v1/drain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"for"}[i%5]
		if _, err := io.WriteString(conn, begun); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Stats(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Drain(t.Context(), time.Second); err != nil || <-h.drained != time.Second || len(h.drained) != 0 {
		t.Errorf("%v, and %d more", err, len(h.drained))
	}
}

// zeros is a body without an end.
type zeros struct{ read int64 }

func (z *zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '0'
	}
	z.read += int64(len(b))
	return len(b), nil
}

// A body without an end, a header without one and a body that is nested deep are ended by
// the server, which has taken no more of them than it says, and does nothing.
func TestGiantRequests(t *testing.T) {
	t.Parallel()
	h := &house{drained: make(chan time.Duration, 10)}
	c, path := start(t, h)
	endless := func(head string) int64 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		z := &zeros{}
		_, err = io.Copy(conn, io.MultiReader(strings.NewReader(head), z))
		if err == nil {
			t.Errorf("%.30q was read to its end", head)
		}
		return z.read
	}
	for _, head := range []string{
		"POST /v1/drain HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n{\"for_ns\": 1",
		"POST /v1/bans HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n{\"reason\": \"",
		"GET /v1/stats HTTP/1.1\r\nHost: x\r\nX-Long: ",
		"GET /",
	} {
		if n := endless(head); n > 16<<20 {
			t.Errorf("%.30q: the server took %d bytes", head, n)
		}
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	deep := bytes.Repeat([]byte("["), 60_000)
	if _, err := fmt.Fprintf(conn, "POST /v1/drain HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(deep), deep); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len("HTTP/1.1 400 "))
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != "HTTP/1.1 400 " {
		t.Errorf("%.80q, %v", b, err)
	}
	if len(h.drained) > 0 || len(h.bans) > 0 {
		t.Error("something was done")
	}
	if _, err := c.Stats(t.Context()); err != nil {
		t.Error(err)
	}
}
