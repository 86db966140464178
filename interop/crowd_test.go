//go:build interop

package interop

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// crowdFile is the size of every file, so that no client can tell one from
	// another but by its content.
	crowdFile = 6 * kib
	// crowdSessions is how many sessions each kind of client has at once.
	crowdSessions = 8
)

// long says that the long forms were asked for, which take half an hour.
func long() bool { return os.Getenv("INTEROP_LONG") == "1" }

// TestCrowd: sessions of eight kinds of clients at once, from one address, each
// with files of its own. SP-01: every byte is right, no session gets the file of
// another; SP-14: nothing of a session stays.
func TestCrowd(t *testing.T) {
	t.Run("8 ports", func(t *testing.T) { crowd(t, serve(t), nil) })
	t.Run("1 port", func(t *testing.T) { crowd(t, serveAt(t, local(t, 1)), nil) })
	t.Run("resumption off", func(t *testing.T) { crowd(t, serve(t, "--resumption", "off"), nil) })
	t.Run("exclusive", func(t *testing.T) {
		crowd(t, serveAt(t, local(t, 128), "--data-mode", "exclusive"), nil)
	})
}

// errand is what one process or one chain of processes has to do: move files
// that nobody else moves, down from down/ID and up to up/ID.
type errand struct {
	link
	id       string
	sessions int      // that it has at once
	within   []string // what to put before its commands
	files    []string // names, the same for both ways
	got, src string   // local folders
}

// crowd lets all kinds of clients loose on s and compares every file. Each
// element of from is what to put before the commands of a client; nil is one
// client, here.
func crowd(t *testing.T, s *server, from [][]string) {
	t.Helper()
	if from == nil {
		from = [][]string{nil}
	}
	each, limit := 2, 90*time.Second
	if long() {
		each, limit = 8, 5*time.Minute
	}
	dir := t.TempDir()
	var errands []errand
	var starts []func() error
	for _, k := range crowdKinds() {
		k.need(t)
		for i := range crowdSessions / k.sessions {
			e := k.errand(t, s, dir, i, each)
			e.within = from[len(errands)%len(from)]
			errands = append(errands, e)
			starts = append(starts, k.prepare(t, e, limit))
		}
	}
	took := together(t, errands, starts)
	crowdCompare(t, s, errands)
	log := s.drained(t)
	n := 0
	for _, e := range errands {
		n += 2 * len(e.files)
	}
	t.Logf("%d transfers in %v, %.0f/s, addresses: %d; the server counts %v",
		n, took.Round(time.Millisecond), float64(n)/took.Seconds(), len(from), log)
	if log.refused != 0 || log.moved["RETR"] != n/2 || log.moved["STOR"] != n/2 {
		t.Errorf("want %d RETR, %d STOR and nothing refused, at the first attempt", n/2, n/2)
	}
	if len(log.addresses) != len(from) {
		t.Errorf("the server saw the addresses %v, want %d", log.addresses, len(from))
	}
}

// together runs all errands at once and says how long that took.
func together(t *testing.T, errands []errand, starts []func() error) time.Duration {
	t.Helper()
	var wg sync.WaitGroup
	failed := make([]error, len(starts))
	begin := time.Now()
	for i, start := range starts {
		wg.Go(func() { failed[i] = start() })
	}
	wg.Wait()
	took := time.Since(begin)
	for i, err := range failed {
		if err != nil {
			t.Errorf("%s: %v", errands[i].id, err)
		}
	}
	return took
}

// errand makes the files of the i-th errand of a kind.
func (k crowdKind) errand(t *testing.T, s *server, dir string, i, each int) errand {
	t.Helper()
	id := fmt.Sprintf("%s-%d", k.name, i)
	version := k.version
	if version == "" {
		version = []string{"1.3", "1.2"}[i%2]
	}
	e := errand{
		link: link{s, false, version}, id: id, sessions: k.sessions,
		got: filepath.Join(dir, id, "got"), src: filepath.Join(dir, id, "src"),
	}
	down, up := filepath.Join(s.dir, "down", id), filepath.Join(s.dir, "up", id)
	for _, d := range []string{e.got, e.src, down, up} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for n := range each * k.sessions {
		name := fmt.Sprintf("%s-%03d", id, n)
		e.files = append(e.files, name)
		for way, d := range map[string]string{"down": down, "up": e.src} {
			if err := os.WriteFile(filepath.Join(d, name), pattern(way+" "+name, crowdFile), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return e
}

// pattern is content that tells whose it is at every place.
func pattern(name string, size int) []byte {
	line := []byte(name + "\n")
	return bytes.Repeat(line, size/len(line)+1)[:size]
}

// crowdCompare compares what arrived on both sides, byte for byte.
func crowdCompare(t *testing.T, s *server, errands []errand) {
	t.Helper()
	for _, e := range errands {
		for _, name := range e.files {
			for way, path := range map[string]string{
				"down": filepath.Join(e.got, name),
				"up":   filepath.Join(s.dir, "up", e.id, name),
			} {
				data, err := os.ReadFile(path)
				if err != nil {
					t.Errorf("%s %s: %v", way, name, err)
					continue
				}
				if sha256.Sum256(data) != sha256.Sum256(pattern(way+" "+name, crowdFile)) {
					first, _, _ := strings.Cut(string(data[:min(len(data), 80)]), "\n")
					t.Errorf("%s %s: %d bytes that begin with %q", way, name, len(data), first)
				}
			}
		}
	}
}
