package ftpclient

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
)

// A download to where nothing can be read back goes on where it was cut, on another
// connection, if the file is the same: w gets each byte once. If it is another one, or
// nobody can tell, what came is all that comes.
func TestPoolRetrieveTo(t *testing.T) {
	whole := numbers(200_000)
	const cut = 120_000
	for name, tt := range map[string]struct {
		features  []string
		time      string // at the second attempt
		size      string
		otherTail bool
		attempts  int32
		want      error // nil: whole
	}{
		"same":       {time: "20200101000000", size: "200000", attempts: 2},
		"other time": {time: "20210101000000", size: "200000", attempts: 2, want: ErrNotVerified},
		"other size": {time: "20200101000000", size: "200001", attempts: 2, want: ErrNotVerified},
		"shorter":    {time: "20200101000000", size: "10", attempts: 2, want: ErrNotVerified},
		"other tail": {time: "20200101000000", size: "200000", otherTail: true, attempts: 2, want: ErrNotVerified},
		"no MDTM":    {features: []string{"SIZE", "REST STREAM"}, attempts: 1, want: ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			features := tt.features
			if features == nil {
				features = []string{"SIZE", "MDTM", "REST STREAM"}
			}
			var count atomic.Int32
			s := serve(t, func(c *session) {
				c.login(features...)
				first := count.Add(1) == 1
				time, size := tt.time, tt.size
				if first {
					time, size = "20200101000000", "200000"
				}
				if len(features) == 3 {
					c.expect("MDTM /f")
					c.reply("213 " + time)
				}
				c.expect("SIZE /f")
				c.reply("213 " + size)
				if first {
					d := c.retr("/f")
					_, _ = io.WriteString(d, whole[:cut])
					d.fin()
					c.reply("421 going down")
					c.stop()
				}
				if name == "shorter" {
					return
				}
				c.epsv()
				c.expect("REST 54464")
				c.reply("350 ok")
				c.expect("RETR /f")
				c.reply("150 ok")
				d := c.accept()
				rest := whole[cut-overlap:]
				if tt.otherTail {
					rest = "x" + rest[1:]
				}
				_, _ = io.WriteString(d, rest)
				d.end()
				c.reply("226 done")
			})
			u := s.url()
			u.Path = "/f"
			var got bytes.Buffer
			res, err := s.pool(PoolOptions{}).RetrieveTo(t.Context(), u, &got)
			want := whole
			if tt.want != nil {
				want = whole[:cut]
			}
			if !errors.Is(err, tt.want) || got.String() != want || res.Bytes != int64(len(want)) {
				t.Errorf("%v, %d bytes, %+v", err, got.Len(), res)
			}
			if n := count.Load(); n != tt.attempts {
				t.Errorf("%d connections, want %d", n, tt.attempts)
			}
		})
	}
}

// Before the first byte anything temporary is tried again; an error of the writer never
// is, and is told as it is.
func TestPoolRetrieveToWriter(t *testing.T) {
	var count atomic.Int32
	s := serve(t, func(c *session) {
		c.login()
		if count.Add(1) == 1 {
			c.epsv()
			c.expect("RETR /f")
			c.reply("421 going down")
			c.stop()
		}
		d := c.retr("/f")
		_, _ = io.WriteString(d, strings.Repeat("x", 1000))
		d.end()
		c.reply("226 done")
	})
	u := s.url()
	u.Path = "/f"
	full := fmt.Errorf("full: %w", ErrNetwork) // it is no matter that this would be temporary
	_, err := s.pool(PoolOptions{}).RetrieveTo(t.Context(), u, writer(func([]byte) (int, error) { return 0, full }))
	if !errors.Is(err, full) || count.Load() != 2 {
		t.Errorf("%v by %d connections", err, count.Load())
	}
}

// An upload of what can be read once is tried again until its first byte is read.
func TestPoolStoreFrom(t *testing.T) {
	for _, late := range []bool{false, true} {
		var count atomic.Int32
		var got []byte
		s := serve(t, func(c *session) {
			c.login()
			switch first := count.Add(1) == 1; {
			case first && late:
				d := c.stor("/f")
				_, _ = io.ReadFull(d, make([]byte, 100))
				d.rst()
				c.reply("451 disk")
				c.stop()
			case first:
				c.epsv()
				c.expect("STOR /f")
				c.reply("450 busy")
				c.stop()
			}
			d := c.stor("/f")
			got, _ = io.ReadAll(d)
			d.end()
			c.reply("226 stored")
		})
		u := s.url()
		u.Path = "/f"
		_, err := s.pool(PoolOptions{}).StoreFrom(t.Context(), u, strings.NewReader(strings.Repeat("x", 1000)))
		switch {
		case late && (err == nil || count.Load() != 1):
			t.Errorf("after the first bytes: %v by %d connections", err, count.Load())
		case !late && (err != nil || count.Load() != 2 || len(got) != 1000):
			t.Errorf("%v by %d connections, %d bytes", err, count.Load(), len(got))
		}
	}
}

// The end of what was written is kept, whatever the pieces.
func TestStreamTail(t *testing.T) {
	whole := numbers(1 << 20)
	for _, piece := range []int{1000, overlap - 1, overlap, overlap + 1, 300_000} {
		s := &stream{w: io.Discard}
		for rest := whole; rest != ""; {
			n := min(piece, len(rest))
			if _, err := s.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			done := whole[:len(whole)-len(rest)]
			if want := done[max(0, len(done)-overlap):]; string(s.last()) != want || s.at != int64(len(done)) {
				t.Fatalf("pieces of %d: wrong after %d bytes", piece, len(done))
			}
		}
		if len(s.tail) > 2*overlap {
			t.Errorf("pieces of %d: %d bytes are kept", piece, len(s.tail))
		}
	}
}
