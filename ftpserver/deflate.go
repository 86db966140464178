package ftpserver

import (
	"bufio"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash"
	"hash/adler32"
	"io"
	"sync"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// MODE Z (draft-preston-ftpext-deflate-04): each transfer is one zlib stream (RFC
// 1950). Offsets, sizes and quotas count bytes of the file, which is what clients
// mean by them.

// transferMode is how data is put on the wire. The zero value is stream mode (RFC
// 959 §3.4.1).
type transferMode struct {
	deflate bool
	level   int // of compress/zlib, 0 to 9; kept while the mode is another
}

const (
	// defaultLevel takes half the time of zlib's own default, which is 6, for one to
	// three hundredths more bytes (program text and programs).
	defaultLevel = 4
	// maxDeflates bounds the downloads that a server compresses at a time: each takes
	// 800 KiB and all of a processor. Others go out as stored blocks, which any client
	// reads as well and which cost nothing.
	maxDeflates = 64
	// deflateBuffer gathers what comes out of a compressor for few TLS records.
	deflateBuffer = 64 << 10
	// inflateBuffer is as much as one TLS record has.
	inflateBuffer = 16 << 10
	// An upload that has come to more than bombBytes, and more than bombRatio times of
	// what was sent, is refused: a few packets would fill the storage (S-86).
	bombBytes = 64 << 20
	bombRatio = 200
)

func (m transferMode) String() string {
	if m.deflate {
		return "Deflate"
	}
	return "Stream"
}

// outlet is where a download or a listing is written to. WriteLast also ends the
// stream, and the direction of the data connection with it.
type outlet interface {
	io.Writer
	WriteLast(p []byte) (int, error)
}

// outlet gives what to write to for the mode. done gives it back, after the last
// write or in place of it: a stream that was not ended looks cut.
func (s *Server) outlet(conn *dataconn.Conn, m transferMode) (out outlet, done func()) {
	if !m.deflate {
		return conn, func() {}
	}
	if m.level == 0 {
		return newStorer(conn), func() {}
	}
	select {
	case s.deflates <- struct{}{}:
	default:
		return newStorer(conn), func() {}
	}
	d := newDeflater(conn, m.level)
	return d, func() {
		d.free()
		<-s.deflates
	}
}

// gatherer makes few large writes of many small ones.
type gatherer struct {
	to  outlet
	buf []byte
}

func (g *gatherer) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if len(g.buf) == cap(g.buf) {
			if err := g.push(); err != nil {
				return n, err
			}
		}
		fit := min(len(p), cap(g.buf)-len(g.buf))
		g.buf = append(g.buf, p[:fit]...)
		n, p = n+fit, p[fit:]
	}
	return n, nil
}

func (g *gatherer) push() error {
	_, err := g.to.Write(g.buf)
	g.buf = g.buf[:0]
	return err
}

func (g *gatherer) last() error {
	_, err := g.to.WriteLast(g.buf)
	g.buf = g.buf[:0]
	return err
}

// deflater compresses for one download.
type deflater struct {
	gatherer
	z     *zlib.Writer
	level int
}

var deflaters [zlib.BestCompression + 1]sync.Pool // of *deflater, by level

func newDeflater(to outlet, level int) *deflater {
	d, _ := deflaters[level].Get().(*deflater)
	if d == nil {
		d = &deflater{level: level}
		d.buf = make([]byte, 0, deflateBuffer)
		z, err := zlib.NewWriterLevel(&d.gatherer, level)
		if err != nil {
			panic(err) // the level was checked by OPTS
		}
		d.z = z
	}
	d.to, d.buf = to, d.buf[:0]
	d.z.Reset(&d.gatherer)
	return d
}

func (d *deflater) free() {
	d.to = nil
	deflaters[d.level].Put(d)
}

// Write sends all of p on its way: the first lines of a listing are for somebody who
// waits, and what is written at a time is so large that the flush costs nothing.
func (d *deflater) Write(p []byte) (int, error) {
	n, err := d.z.Write(p)
	if err == nil {
		err = d.z.Flush()
	}
	if err == nil {
		err = d.push()
	}
	return n, err
}

func (d *deflater) WriteLast(p []byte) (int, error) {
	n, err := d.z.Write(p)
	if err == nil {
		err = d.z.Close()
	}
	if err == nil {
		err = d.last()
	}
	return n, err
}

// storer makes a zlib stream of stored blocks (RFC 1951 §3.2.4), without the memory
// and the time of a compressor.
type storer struct {
	gatherer
	sum hash.Hash32
}

// maxStored is the length of a stored block that 16 bits can tell.
const maxStored = 1<<16 - 1

func newStorer(to outlet) *storer {
	s := &storer{gatherer: gatherer{to: to, buf: make([]byte, 0, deflateBuffer)}, sum: adler32.New()}
	s.buf = append(s.buf, 0x78, 0x01) // deflate, window of 32 KiB, fastest (RFC 1950 §2.2)
	return s
}

func (s *storer) Write(p []byte) (int, error) {
	n, err := s.blocks(p, false)
	if err == nil {
		err = s.push()
	}
	return n, err
}

func (s *storer) WriteLast(p []byte) (int, error) {
	n, err := s.blocks(p, true)
	if err == nil {
		_, err = s.gatherer.Write(binary.BigEndian.AppendUint32(nil, s.sum.Sum32()))
	}
	if err == nil {
		err = s.last()
	}
	return n, err
}

func (s *storer) blocks(p []byte, last bool) (n int, err error) {
	for {
		block := p[:min(len(p), maxStored)]
		p = p[len(block):]
		head := [5]byte{}
		if last && len(p) == 0 {
			head[0] = 1
		}
		binary.LittleEndian.PutUint16(head[1:], uint16(len(block)))
		binary.LittleEndian.PutUint16(head[3:], ^uint16(len(block)))
		if _, err = s.gatherer.Write(head[:]); err != nil {
			return n, err
		}
		s.sum.Write(block)
		got, err := s.gatherer.Write(block)
		n += got
		if err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// inflater decompresses one upload. It gives io.EOF only when the zlib stream has
// ended, its checksum was right, nothing follows it, and the data connection has
// ended as it should.
type inflater struct {
	src source
	in  *bufio.Reader
	z   io.ReadCloser // with zlib.Resetter; nil before its first stream
	on  bool          // the header of this stream was read
	out int64         // bytes given out
	err error         // stays
}

// source keeps what the data connection said: its errors are the peer's, or the
// network's, and others are of what was sent.
type source struct {
	r   io.Reader
	n   int64
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	if err != nil {
		s.err = err
	}
	return n, err
}

var inflaters sync.Pool // of *inflater

// inlet gives what to read an upload from; done gives it back.
func (m transferMode) inlet(conn io.Reader) (in io.Reader, done func()) {
	if !m.deflate {
		return conn, func() {}
	}
	f := newInflater(conn)
	return f, f.free
}

func newInflater(conn io.Reader) *inflater {
	f, _ := inflaters.Get().(*inflater)
	if f == nil {
		f = new(inflater)
		f.in = bufio.NewReaderSize(&f.src, inflateBuffer)
	}
	f.src, f.on, f.out, f.err = source{r: conn}, false, 0, nil
	f.in.Reset(&f.src)
	return f
}

func (f *inflater) free() {
	f.src.r = nil
	inflaters.Put(f)
}

func (f *inflater) Read(p []byte) (int, error) {
	if f.err != nil || len(p) == 0 {
		return 0, f.err
	}
	if !f.on {
		if f.err = f.begin(); f.err != nil {
			return 0, f.err
		}
		f.on = true
	}
	n, err := f.z.Read(p)
	f.out += int64(n)
	switch {
	case err == io.EOF:
		f.err = f.end()
	case err != nil:
		f.err = f.judge(err)
	case f.out > bombBytes && f.out/bombRatio > f.src.n:
		f.err = refuse(ftp.Code552QuotaExceeded, "The data expands too much for MODE Z; use MODE S.")
	}
	return n, f.err
}

// begin reads the header of the stream. An empty file is a zlib stream of 8 bytes, and
// clients such as lftp send that; no byte at all is a client that gave up.
func (f *inflater) begin() (err error) {
	if f.z == nil {
		f.z, err = zlib.NewReader(f.in)
	} else {
		err = f.z.(zlib.Resetter).Reset(f.in, nil)
	}
	if err != nil {
		return f.judge(err)
	}
	return nil
}

// end is what follows the zlib stream: the end of the data, or else it is none.
func (f *inflater) end() error {
	_, err := f.in.ReadByte()
	if err == nil {
		return refuse(ftp.Code451LocalError, "There is more behind the end of the compressed data.")
	}
	return err
}

// judge says whose fault it is that the stream cannot be read on. Where bytes are
// missing, those that came may be kept for REST; where they are wrong, not.
func (f *inflater) judge(err error) error {
	var wrong flate.CorruptInputError
	switch {
	case errors.As(err, &wrong), errors.Is(err, zlib.ErrHeader), errors.Is(err, zlib.ErrChecksum), errors.Is(err, zlib.ErrDictionary):
		return refuse(ftp.Code451LocalError, "The compressed data is corrupt.")
	case f.src.err != nil && f.src.err != io.EOF:
		return f.src.err
	}
	return &transferError{refuse(ftp.Code426Aborted, "The compressed data ended early: the file is not whole.")}
}
