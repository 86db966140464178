package dataconn

import (
	"crypto/tls"
	"sync"
)

// crypto/tls makes one system call for each record of 16 KiB that it writes, and
// about one for each that it reads. At the speed of AES that is most of what a
// transfer costs beside AES, so the raw connection gathers the records of one
// Write, and reads ahead once the handshake is done.
const (
	maxRecord = 16 << 10 // bytes of payload (RFC 8446 §5.1)
	// recordRoom is a full record with the overhead of any cipher that we speak:
	// 5 bytes of header, 16 of tag, and 8 of nonce (TLS 1.2) or 1 of type.
	recordRoom    = maxRecord + 29
	gatherRecords = 16
	readAhead     = 256 << 10
)

type (
	gatherBuffer [gatherRecords * recordRoom]byte
	aheadBuffer  [readAhead]byte
)

// The buffers are lent: for one Write, and from a Read until TLS has taken all
// of what that brought.
var (
	gatherBuffers = sync.Pool{New: func() any { return new(gatherBuffer) }}
	aheadBuffers  = sync.Pool{New: func() any { return new(aheadBuffer) }}
)

// gathered writes p through t, which writes to r, with few system calls. Nothing
// is held back when it returns.
func (r *rawConn) gathered(t *tls.Conn, p []byte) (int, error) {
	buf := gatherBuffers.Get().(*gatherBuffer)
	defer gatherBuffers.Put(buf)
	r.gather = buf[:0]
	n, err := t.Write(p)
	if flushed := r.flush(); err == nil {
		err = flushed
	}
	r.gather = nil
	return n, err
}

// WriteLast writes p and finishes our direction, as [Conn.Write] and [Conn.Finish]
// do one after the other. Data, close_notify and FIN leave together where they fit:
// every packet costs the processor more than encrypting 4 KiB does, and wakes the
// peer.
func (c *Conn) WriteLast(p []byte) (int, error) {
	if c.broken.Load() {
		return 0, errUnfinished
	}
	n, err := len(p), error(nil)
	if c.raw.more = true; c.secure == nil {
		c.raw.gather = p
	} else {
		buf := gatherBuffers.Get().(*gatherBuffer)
		defer gatherBuffers.Put(buf)
		c.raw.gather = buf[:0]
		n, err = c.secure.Write(p)
	}
	if err == nil {
		err = c.Finish()
	}
	c.raw.gather, c.raw.more = nil, false
	if err != nil {
		c.broken.Store(true)
		return 0, explain(err)
	}
	c.sent.Add(int64(n))
	return n, nil
}

// keep takes what TLS writes during gathered, and reports whether it did.
func (r *rawConn) keep(p []byte) (bool, error) {
	if r.gather == nil {
		return false, nil
	}
	if len(r.gather)+len(p) > cap(r.gather) {
		if err := r.flush(); err != nil || len(p) > cap(r.gather) {
			return err != nil, err
		}
	}
	r.gather = append(r.gather, p...)
	return true, nil
}

func (r *rawConn) flush() error {
	p := r.gather
	r.gather = r.gather[:0]
	if len(p) == 0 {
		return nil
	}
	_, err := r.transmit(p)
	return err
}

// flushLast is flush before a FIN that follows at once and takes the rest with it.
func (r *rawConn) flushLast() error {
	p := r.gather
	r.gather = nil
	if len(p) == 0 {
		return nil
	}
	if err := r.SetWriteDeadline(r.deadline()); err != nil {
		return err
	}
	n, err := writeMore(r.Conn, p)
	if err == nil && n < len(p) {
		_, err = r.transmit(p[n:])
	}
	return err
}

// readWide serves p from what was read ahead, and reads ahead when that is used
// up.
func (r *rawConn) readWide(p []byte) (int, error) {
	if len(r.ahead) == 0 {
		buf := aheadBuffers.Get().(*aheadBuffer)
		n, err := r.receive(buf[:])
		if n == 0 {
			aheadBuffers.Put(buf)
			return 0, err
		}
		r.aheadBuffer, r.ahead = buf, buf[:n] // an error comes again
	}
	n := copy(p, r.ahead)
	if r.ahead = r.ahead[n:]; len(r.ahead) == 0 {
		aheadBuffers.Put(r.aheadBuffer)
		r.aheadBuffer = nil
	}
	return n, nil
}
