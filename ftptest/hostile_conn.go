package ftptest

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how many bytes may be on their way in one direction.
const window = 64 << 10

// memConn is one end of a TCP connection in memory: with a window, two directions
// that end apart, and RST.
type memConn struct {
	in, out       *flow
	local, remote *net.TCPAddr
	linger        bool // false: Close is RST
}

func memPair(client, server *net.TCPAddr) (c, s *memConn) {
	up, down := newFlow(), newFlow()
	return &memConn{in: down, out: up, local: client, remote: server, linger: true},
		&memConn{in: up, out: down, local: server, remote: client, linger: true}
}

// flow is one direction.
type flow struct {
	mu    sync.Mutex
	moved sync.Cond
	buf   []byte
	fin   bool  // nothing more will be written
	gone  bool  // nothing more will be read
	err   error // RST
	read  deadline
	write deadline
}

func newFlow() *flow {
	f := &flow{}
	f.moved.L = &f.mu
	return f
}

// deadline is one that wakes who waits.
type deadline struct {
	timer  *time.Timer
	passed bool
}

func (f *flow) setDeadline(d *deadline, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.passed = nil, false
	if at.IsZero() {
		return
	}
	wait := time.Until(at)
	if d.passed = wait <= 0; d.passed {
		f.moved.Broadcast()
		return
	}
	var own *time.Timer
	own = time.AfterFunc(wait, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if d.timer == own { // not one that came too late to be stopped
			d.passed = true
			f.moved.Broadcast()
		}
	})
	d.timer = own
}

func (f *flow) change(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
	f.moved.Broadcast()
}

func (c *memConn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

func (c *memConn) Read(p []byte) (int, error) {
	f := c.in
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.gone:
			return 0, c.opError("read", net.ErrClosed)
		case f.read.passed:
			return 0, c.opError("read", os.ErrDeadlineExceeded)
		case f.err != nil:
			return 0, c.opError("read", f.err)
		case len(p) == 0:
			return 0, nil
		case len(f.buf) > 0:
			n := copy(p, f.buf)
			f.buf = append(f.buf[:0], f.buf[n:]...)
			f.moved.Broadcast()
			return n, nil
		case f.fin:
			return 0, io.EOF
		}
		f.moved.Wait()
	}
}

func (c *memConn) Write(p []byte) (n int, err error) {
	f := c.out
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.fin:
			return n, c.opError("write", net.ErrClosed)
		case f.write.passed:
			return n, c.opError("write", os.ErrDeadlineExceeded)
		case f.err != nil, f.gone:
			return n, c.opError("write", syscall.ECONNRESET)
		}
		if room := window - len(f.buf); room > 0 && n < len(p) {
			part := p[n:min(n+room, len(p))]
			f.buf = append(f.buf, part...)
			n += len(part)
			f.moved.Broadcast()
		}
		if n == len(p) {
			return n, nil
		}
		f.moved.Wait()
	}
}

// CloseWrite is a FIN.
func (c *memConn) CloseWrite() error {
	c.out.change(func() { c.out.fin = true })
	return nil
}

// SetLinger has Close send RST if sec is 0.
func (c *memConn) SetLinger(sec int) error {
	c.in.change(func() { c.linger = sec != 0 })
	return nil
}

// Close is a FIN, or a RST if something is unread, as with TCP.
func (c *memConn) Close() error {
	var reset bool
	var before bool
	c.in.change(func() {
		before, c.in.gone = c.in.gone, true
		reset = !c.linger || len(c.in.buf) > 0
		c.in.buf = nil
	})
	if before {
		return c.opError("close", net.ErrClosed)
	}
	c.out.change(func() {
		if reset && !(c.out.fin && c.out.gone) {
			c.out.err, c.out.buf = syscall.ECONNRESET, nil
		}
		c.out.fin = true
	})
	c.SetDeadline(time.Time{})
	return nil
}

func (c *memConn) LocalAddr() net.Addr  { return c.local }
func (c *memConn) RemoteAddr() net.Addr { return c.remote }

func (c *memConn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *memConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.read, t)
	return nil
}

func (c *memConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.write, t)
	return nil
}
