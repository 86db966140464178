package ftpserver

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"
	"testing/iotest"
)

// memoryOutlet is a data connection that keeps what it gets.
type memoryOutlet struct {
	bytes.Buffer
	ended bool
}

func (m *memoryOutlet) WriteLast(p []byte) (int, error) {
	m.ended = true
	return m.Write(p)
}

// FuzzDeflate (S-86): whatever comes as a compressed upload, the decompressor does not
// panic, gives no more than its bounds, and takes for whole what is one whole zlib
// stream and nothing else. What our own compressors make of the same bytes comes back,
// and no part of it passes for the whole.
// F-15.
func FuzzDeflate(f *testing.F) {
	zeros := new(bytes.Buffer)
	w, err := zlib.NewWriterLevel(zeros, 9)
	if err != nil {
		f.Fatal(err)
	}
	w.Write(make([]byte, 80<<20))
	w.Close()
	hello := new(memoryOutlet)
	newDeflater(hello, 6).WriteLast([]byte("hello, hello, hello"))
	for _, seed := range [][]byte{
		nil, []byte("x"), []byte("\x78\x01"), hello.Bytes(), append(hello.Bytes(), 'x'), hello.Bytes()[:hello.Len()-1], zeros.Bytes(), zeros.Bytes()[:zeros.Len()-3],
		{0x78, 0x9c, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0xff, 0xff}, {0x78, 0xbb, 1, 2, 3, 4}, {0x78, 0x9c, 7}, bytes.Repeat([]byte{0xff}, 100), make([]byte, maxStored+1),
	} {
		f.Add(seed, uint16(3))
	}
	f.Fuzz(func(t *testing.T, input []byte, cut uint16) {
		checkHostile(t, input)
		for _, level := range []int{0, 1, 4, 9} {
			checkOwn(t, input, level, int(cut))
		}
	})
}

func checkHostile(t *testing.T, input []byte) {
	in := newInflater(bytes.NewReader(input))
	defer in.free()
	var out counter
	_, err := io.Copy(&out, onlyReads{in})
	// A window of 32 KiB is what the decompressor gives at a time.
	if most := max(bombBytes, bombRatio*int64(len(input)+1)) + 32<<10; out.n > most {
		t.Errorf("%d bytes came out of %d", out.n, len(input))
	}
	if _, again := in.Read(make([]byte, 1)); err != nil && again != err {
		t.Errorf("after %v came %v", err, again)
	}
	if err != nil {
		return
	}
	plain := bytes.NewReader(input)
	z, err := zlib.NewReader(plain)
	if err == nil {
		var n int64
		if n, err = io.Copy(io.Discard, z); n != out.n {
			t.Errorf("%d bytes came out, want %d", out.n, n)
		}
	}
	if err != nil || plain.Len() > 0 {
		t.Errorf("taken for whole, though %v, and %d bytes follow", err, plain.Len())
	}
}

func checkOwn(t *testing.T, input []byte, level, cut int) {
	wire := new(memoryOutlet)
	var out outlet = newStorer(wire)
	if level > 0 {
		d := newDeflater(wire, level)
		defer d.free()
		out = d
	}
	half := len(input) / 2
	if n, err := out.Write(input[:half]); n != half || err != nil || wire.ended {
		t.Fatalf("Write gave %d, %v", n, err)
	}
	if n, err := out.WriteLast(input[half:]); n != len(input)-half || err != nil || !wire.ended {
		t.Fatalf("WriteLast gave %d, %v", n, err)
	}
	in := newInflater(iotest.DataErrReader(bytes.NewReader(wire.Bytes())))
	defer in.free()
	if back, err := io.ReadAll(in); err != nil || !bytes.Equal(back, input) {
		t.Fatalf("level %d: %d bytes, %v", level, len(back), err)
	}
	part := newInflater(bytes.NewReader(wire.Bytes()[:1+cut%(wire.Len()-1)]))
	defer part.free()
	if _, err := io.Copy(io.Discard, onlyReads{part}); err == nil {
		t.Errorf("level %d: %d bytes passed for %d", level, 1+cut%(wire.Len()-1), wire.Len())
	}
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

type onlyReads struct{ io.Reader }

// When all places for compressors are taken, downloads go out as stored blocks, and a
// place is free again when its download has ended.
func TestDeflatePlaces(t *testing.T) {
	s := &Server{hub: &hub{deflates: make(chan struct{}, 1)}}
	mode := transferMode{deflate: true, level: defaultLevel}
	first, done := s.outlet(nil, mode)
	if _, ok := first.(*deflater); !ok {
		t.Errorf("the first got %T", first)
	}
	second, none := s.outlet(nil, mode)
	if _, ok := second.(*storer); !ok {
		t.Errorf("the second got %T", second)
	}
	none()
	done()
	third, done := s.outlet(nil, mode)
	defer done()
	if _, ok := third.(*deflater); !ok {
		t.Errorf("the third got %T", third)
	}
}
