package vfstest

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"

	"github.com/sealane/sealane/vfs"
)

// Every function gives the raw hash of the bytes that are there.
func testHash(s *suite) {
	big := strings.Repeat("0123456789abcdef", 1<<15)
	s.fill(map[string]string{"f": "content", "d/empty": "", "big": big})
	for name, content := range map[string]string{"/f": "content", "/d/empty": "", "/big": big} {
		for _, h := range vfs.Hashes() {
			s.wantHash(name, h, 0, -1, content)
		}
	}
	s.put("/f", vfs.Create{}, "another")
	s.wantHash("/f", vfs.SHA256, 0, -1, "another")
	for name, want := range map[string]error{
		"/":       vfs.ErrIsDir,
		"/d":      vfs.ErrIsDir,
		"/none":   vfs.ErrNotExist,
		"/none/x": vfs.ErrNotExist,
		"/f/x":    vfs.ErrNotDir,
	} {
		_, err := s.fs.Hash(s.Context(), s.path(name), vfs.SHA256, 0, -1)
		s.wantErr("Hash "+name, err, want)
	}
}

func (s *suite) wantHash(name string, h vfs.Hash, from, to int64, content string) {
	s.Helper()
	sum := h.New()
	sum.Write([]byte(content))
	got, err := s.fs.Hash(s.Context(), s.path(name), h, from, to)
	if want := sum.Sum(nil); err != nil || !bytes.Equal(got, want) {
		s.Errorf("Hash(%q, %v, %d, %d) = %x, %v; want %x", name, h, from, to, got, err, want)
	}
}

func testHashRanges(s *suite) {
	const content = "0123456789"
	s.fill(map[string]string{"f": content, "empty": ""})
	for from := range int64(11) {
		for to := from; to <= 10; to++ {
			s.wantHash("/f", vfs.CRC32, from, to, content[from:to])
		}
		s.wantHash("/f", vfs.SHA1, from, -1, content[from:])
	}
	s.wantHash("/empty", vfs.MD5, 0, 0, "")
	s.wantHash("/empty", vfs.MD5, 0, -1, "")
	for _, test := range []struct {
		name     string
		from, to int64
	}{
		{"/f", -1, 5},
		{"/f", -1, -1},
		{"/f", 5, 4},
		{"/f", 0, 11},
		{"/f", 11, -1},
		{"/f", 11, 11},
		{"/f", 10, 1<<63 - 1},
		{"/f", 1<<63 - 1, -1},
		{"/empty", 0, 1},
		{"/empty", 1, -1},
	} {
		_, err := s.fs.Hash(s.Context(), s.path(test.name), vfs.SHA256, test.from, test.to)
		s.wantErr("Hash out of range", err, vfs.ErrOffset)
	}
}

// A hash of a large file does not go on when nobody waits for it.
func testHashCancelled(s *suite) {
	s.fill(map[string]string{"f": strings.Repeat("0123456789abcdef", 1<<20)}) // 16 MiB
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	_, err := s.fs.Hash(&endingContext{Context: ctx, cancel: cancel}, s.path("/f"), vfs.CRC32, 0, -1)
	s.wantErr("Hash", err, context.Canceled)
}

// endingContext is cancelled when it has been looked at a few times: who works
// long must look more often than that.
type endingContext struct {
	context.Context
	cancel context.CancelFunc
	looks  atomic.Int32
}

const maxLooks = 10

func (c *endingContext) look() {
	if c.looks.Add(1) > maxLooks {
		c.cancel()
	}
}

func (c *endingContext) Err() error {
	c.look()
	return c.Context.Err()
}

func (c *endingContext) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}
