package ftpserver

import (
	"bytes"
	"io"
)

// transferType is the representation type (RFC 959 §3.1.1).
type transferType uint8

const (
	typeASCII transferType = iota // the default at login
	typeImage
)

func (t transferType) String() string {
	if t == typeASCII {
		return "ASCII"
	}
	return "BINARY"
}

// The rule of TYPE A: files are stored with LF. On the way out an LF that has no
// CR before it gets one; what is CRLF in the file stays CRLF. On the way in CRLF
// becomes LF; a CR that no LF follows stays.

// toNetwork turns lines of the storage into lines of the network.
type toNetwork struct {
	r      io.Reader
	buf    []byte // what was read and not yet turned
	err    error
	lastCR bool
	store  [16 << 10]byte
}

func newToNetwork(r io.Reader) io.Reader { return &toNetwork{r: r} }

// Read fills p; it never needs more room than one byte for one byte, because a
// CR whose LF does not fit is remembered by lastCR.
func (t *toNetwork) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(t.buf) == 0 {
			if n > 0 || t.err != nil {
				break
			}
			var got int
			got, t.err = t.r.Read(t.store[:])
			t.buf = t.store[:got]
			continue
		}
		if t.buf[0] == '\n' && !t.lastCR {
			p[n], t.lastCR = '\r', true // and the LF stays for the next round
			n++
			continue
		}
		// All up to the next LF goes as it is, with an LF in front that has its CR.
		end := 1 + bytes.IndexByte(t.buf[1:], '\n')
		if end == 0 {
			end = len(t.buf)
		}
		got := copy(p[n:], t.buf[:end])
		t.lastCR = t.buf[got-1] == '\r'
		n, t.buf = n+got, t.buf[got:]
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, t.err
}

// fromNetwork turns lines of the network into lines of the storage.
type fromNetwork struct {
	r     io.Reader
	buf   []byte
	err   error
	cr    bool // a CR was read whose successor is not known yet
	store [16 << 10]byte
}

func newFromNetwork(r io.Reader) io.Reader { return &fromNetwork{r: r} }

func (f *fromNetwork) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(f.buf) == 0 {
			if n > 0 {
				break
			}
			if f.err != nil {
				if f.cr && f.err == io.EOF { // the file ends with a lone CR
					f.cr = false
					p[0] = '\r'
					return 1, nil
				}
				break
			}
			var got int
			got, f.err = f.r.Read(f.store[:])
			f.buf = f.store[:got]
			continue
		}
		if f.cr {
			if f.cr = false; f.buf[0] != '\n' {
				p[n] = '\r' // the lone CR
				n++
				continue
			}
		}
		// All up to the next CR goes as it is.
		end := bytes.IndexByte(f.buf, '\r')
		if end == 0 {
			f.cr, f.buf = true, f.buf[1:]
			continue
		}
		if end < 0 {
			end = len(f.buf)
		}
		got := copy(p[n:], f.buf[:end])
		n, f.buf = n+got, f.buf[got:]
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, f.err
}

func asIs(r io.Reader) io.Reader { return r }

// outgoing and incoming give the filter of a download and of an upload.
func (t transferType) outgoing() func(io.Reader) io.Reader {
	if t == typeASCII {
		return newToNetwork
	}
	return asIs
}

func (t transferType) incoming() func(io.Reader) io.Reader {
	if t == typeASCII {
		return newFromNetwork
	}
	return asIs
}
