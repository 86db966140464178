package ftpserver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// bufferEdge is where the filters begin to read anew.
const bufferEdge = 16 << 10

// wantNetwork and wantStorage say, byte by byte, what TYPE A means (RFC 959
// §3.1.1.1): an LF without CR before it becomes CRLF on the way out; CRLF becomes
// LF on the way in, and a lone CR stays.
func wantNetwork(in []byte) []byte {
	out := []byte{}
	for i, b := range in {
		if b == '\n' && (i == 0 || in[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	return out
}

func wantStorage(in []byte) []byte { return bytes.ReplaceAll(in, []byte("\r\n"), []byte("\n")) }

// chunks gives in out in pieces of the given sizes, over and over, with an empty
// read between two of them as io.Reader allows.
type chunks struct {
	in    []byte
	sizes []byte
	turn  int
	empty bool
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.empty = !c.empty; c.empty {
		return 0, nil
	}
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := 1
	if len(c.sizes) > 0 {
		n += int(c.sizes[c.turn%len(c.sizes)])
		c.turn++
	}
	n = copy(p[:min(n, len(p))], c.in)
	c.in = c.in[n:]
	return n, nil
}

// readers gives the ways in which bytes may come from a network or a storage.
func readers(in, sizes []byte) map[string]io.Reader {
	plain := func() io.Reader { return bytes.NewReader(in) }
	return map[string]io.Reader{
		"whole": plain(), "bytes": iotest.OneByteReader(plain()), "halves": iotest.HalfReader(plain()),
		"error with data": iotest.DataErrReader(plain()), "chunks": &chunks{in: in, sizes: sizes},
	}
}

func checkFilter(t *testing.T, name string, filter func(io.Reader) io.Reader, in, want, sizes []byte) {
	t.Helper()
	for how, r := range readers(in, sizes) {
		got, err := io.ReadAll(filter(r))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s of %d bytes, read as %s: %v, %s", name, len(in), how, err, differs(got, want))
		}
	}
	// The reader of the filter may be stingy too.
	got, err := io.ReadAll(iotest.OneByteReader(filter(bytes.NewReader(in))))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s of %d bytes into one byte at a time: %v, %s", name, len(in), err, differs(got, want))
	}
}

// differs shows where two texts begin to differ, without printing 16 KiB.
func differs(got, want []byte) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	return fmt.Sprintf("from byte %d on got %q, want %q", i, near(got, i), near(want, i))
}

func near(b []byte, i int) []byte { return b[max(0, i-4):min(len(b), i+4)] }

func checkASCII(t *testing.T, in, sizes []byte) {
	t.Helper()
	out := wantNetwork(in)
	checkFilter(t, "outgoing", newToNetwork, in, out, sizes)
	checkFilter(t, "incoming", newFromNetwork, in, wantStorage(in), sizes)
	// There and back, all line ends are LF.
	back, err := io.ReadAll(newFromNetwork(newToNetwork(bytes.NewReader(in))))
	if want := wantStorage(in); err != nil || !bytes.Equal(back, want) {
		t.Errorf("there and back: %v, %s", err, differs(back, want))
	}
}

// R-001: line ends are converted wherever the reads happen to be cut.
func TestASCII(t *testing.T) {
	for _, in := range []string{
		"", "x", "\n", "\r", "\r\n", "\n\r", "\r\r\n", "\n\n", "\r\n\r\n", "\r\r", "a\rb", "a\nb\n", "a\r\nb\r\n", "a\r", "\x00\n\xff",
	} {
		checkASCII(t, []byte(in), []byte{0, 2, 1})
	}
}

// Each line end, and each half of one, at the edge of the buffers.
func TestASCIIAtBufferEdges(t *testing.T) {
	for _, end := range []string{"\r", "\n", "\r\n", "\r\r\n", "\n\r", "\r\n\r\n"} {
		for at := bufferEdge - 3; at <= bufferEdge+1; at++ {
			line := strings.Repeat("x", at) + end
			checkASCII(t, []byte(line), []byte{255})
			checkASCII(t, []byte(line+"y"), []byte{255, 254})
		}
		// Growth by CR must not lose a byte when the buffer of the reader is full.
		checkASCII(t, []byte(strings.Repeat(end, bufferEdge)), []byte{255})
	}
}

// An error of the source comes out as it is, behind what was read before it, and
// never as an end of the file.
func TestASCIIKeepsErrors(t *testing.T) {
	errBroken := errors.New("broken")
	for name, filter := range map[string]func(io.Reader) io.Reader{"outgoing": newToNetwork, "incoming": newFromNetwork} {
		r := filter(io.MultiReader(strings.NewReader("ab\r"), iotest.ErrReader(errBroken)))
		got, err := io.ReadAll(r)
		if !errors.Is(err, errBroken) || !bytes.HasPrefix(got, []byte("ab")) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		if n, err := r.Read(make([]byte, 8)); n != 0 || !errors.Is(err, errBroken) {
			t.Errorf("%s, read again: %d, %v", name, n, err)
		}
	}
}

// sameBytes is a file of left bytes that are all alike; it counts how often it is
// read.
type sameBytes struct {
	b           byte
	left, reads int
}

func (r *sameBytes) Read(p []byte) (int, error) {
	r.reads++
	if r.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(len(p), r.left)]
	r.left -= len(p)
	for i := range p {
		p[i] = r.b
	}
	return len(p), nil
}

// S-84: a file of 1 GiB without any line end, or of nothing else, goes through with a
// read of the source for each buffer and nothing allocated on the way.
func TestS84GigabyteWithoutLines(t *testing.T) {
	size := 1 << 30
	if testing.Short() {
		size = 16 << 20
	}
	for _, test := range []struct {
		name    string
		filter  func(io.Reader) io.Reader
		b       byte
		in, out int
	}{
		{"outgoing text", newToNetwork, 'x', size, size},
		{"incoming text", newFromNetwork, 'x', size, size},
		{"outgoing CR", newToNetwork, '\r', size / 64, size / 64},
		{"incoming CR", newFromNetwork, '\r', size / 64, size / 64},
		{"outgoing LF", newToNetwork, '\n', size / 64, size / 32},
		{"incoming LF", newFromNetwork, '\n', size / 64, size / 64},
	} {
		source := &sameBytes{b: test.b, left: test.in}
		filter, buf := test.filter(source), make([]byte, transferBuffer)
		var n, reads int
		var err error
		read := func() {
			var got int
			got, err = filter.Read(buf)
			n, reads = n+got, reads+1
		}
		allocated := testing.AllocsPerRun(10, read)
		for err == nil {
			read()
		}
		if most := 2*test.in/bufferEdge + 8; n != test.out || source.reads > most || reads > most || allocated > 0 || err != io.EOF {
			t.Errorf("%s: %d bytes of %d, %d reads of the source, %d of the filter, %v allocations, %v", test.name, n, test.out, source.reads, reads, allocated, err)
		}
	}
}

// A read into nothing takes nothing, and is no end.
func TestASCIIEmptyRead(t *testing.T) {
	for name, filter := range map[string]func(io.Reader) io.Reader{"outgoing": newToNetwork, "incoming": newFromNetwork} {
		r := filter(iotest.DataErrReader(strings.NewReader("a\r\nb\r")))
		var got []byte
		for p := make([]byte, 1); ; {
			if n, err := r.Read(nil); n != 0 || err != nil {
				t.Fatalf("%s: %d, %v behind %q", name, n, err, got)
			}
			n, err := r.Read(p)
			if got = append(got, p[:n]...); err != nil {
				break
			}
		}
		if want := map[string]string{"outgoing": "a\r\nb\r", "incoming": "a\nb\r"}[name]; string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// FuzzASCII puts a text anywhere around the edge of the buffers: pad bytes come
// before it.
// F-15.
func FuzzASCII(f *testing.F) {
	f.Add([]byte("a\nb\r\nc\rd\r\r\n"), []byte{0}, uint16(0))
	f.Add([]byte("\r"), []byte{}, uint16(bufferEdge-1))
	f.Add([]byte("\n\n\n\n"), []byte{255, 0}, uint16(bufferEdge-2))
	f.Add([]byte("\r\n\r"), []byte{3, 200}, uint16(bufferEdge-1))
	f.Fuzz(func(t *testing.T, text, sizes []byte, pad uint16) {
		if len(text) > 512 || len(sizes) > 16 || pad > 2*bufferEdge {
			return
		}
		checkASCII(t, append(bytes.Repeat([]byte("x"), int(pad)), text...), sizes)
	})
}
