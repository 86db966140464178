package ftpclient

import (
	"io"
	"runtime"
	"testing"
)

// heap looks every 16 MiB that pass how much memory is in use.
type heap struct {
	passed, looked int64
	most           uint64
}

func (h *heap) pass(n int) {
	if h.passed += int64(n); h.passed-h.looked < 16<<20 {
		return
	}
	h.looked = h.passed
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.most = max(h.most, m.HeapAlloc)
}

func (h *heap) Write(p []byte) (int, error) { h.pass(len(p)); return len(p), nil }

func (h *heap) Read(p []byte) (int, error) { clear(p); h.pass(len(p)); return len(p), nil }

// C-15: a transfer takes as much memory as its buffers, whatever the size of the file.
func TestTransferMemory_C15(t *testing.T) {
	const large, most = 128 << 20, 8 << 20
	s := serve(t, func(c *session) {
		c.login("SIZE")
		c.epsv()
		c.stored("/f")
		c.expect("SIZE /f")
		c.reply("213 134217728")
		c.expect("SIZE /f")
		c.reply("213 134217728")
		d := c.retr("/f")
		_, _ = io.CopyN(d, zeros{}, large)
		d.end()
		c.reply("226 sent")
	})
	c := s.dial(s.options())
	h := &heap{}
	res, err := c.Store(t.Context(), "/f", 0, io.LimitReader(h, large))
	if err != nil || !res.SizeAgrees {
		t.Fatalf("%+v, %v", res, err)
	}
	res, err = c.Retrieve(t.Context(), "/f", 0, h)
	if err != nil || res.Bytes != large {
		t.Fatalf("%+v, %v", res, err)
	}
	if h.passed != 2*large || h.most == 0 || h.most > most {
		t.Errorf("with %d bytes moved, up to %d KiB were in use", h.passed, h.most>>10)
	}
}
