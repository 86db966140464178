package ftptest

import (
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// route is one connection through a Proxy.
type route struct {
	client, server net.Conn
	once           sync.Once
	over           chan struct{} // closed when nothing more is passed on

	mu      sync.Mutex // guards what follows
	passage Passage
}

// end wakes who waits.
func (r *route) end() { r.once.Do(func() { close(r.over) }) }

// wait is for d, and reports false if the route ended meanwhile.
func (r *route) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.over:
		return false
	}
}

// count adds n bytes to a direction.
func (r *route) count(d Direction, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d == Up {
		r.passage.Up += int64(n)
	} else {
		r.passage.Down += int64(n)
	}
}

func (r *route) faulty() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passage.Faulty = true
}

// pump is one direction.
type pump struct {
	*route
	direction Direction
	from, to  net.Conn
	faults    []Fault // still to come, in order; those at the end last
	at        int64   // bytes before the next one
	each      time.Duration
	split     bool
}

func (r *route) pump(d Direction, from, to net.Conn, faults []Fault) {
	p := &pump{route: r, direction: d, from: from, to: to, faults: slices.Clone(faults)}
	slices.SortStableFunc(p.faults, func(a, b Fault) int {
		switch {
		case a.At == b.At:
			return 0
		case b.At == End || a.At != End && a.At < b.At:
			return -1
		}
		return 1
	})
	p.run()
}

func (p *pump) run() {
	buf := make([]byte, 32<<10)
	for {
		// A fault ahead of the first byte does not wait for that byte.
		if !p.due(nil) {
			return
		}
		n, err := p.from.Read(buf)
		if n > 0 && !p.forward(buf[:n]) {
			return
		}
		if err != nil {
			p.finish(err)
			return
		}
	}
}

// forward passes b on, with what happens to it, and reports false if this was the end.
func (p *pump) forward(b []byte) bool {
	for len(b) > 0 {
		if !p.due(b) {
			return false
		}
		part := b
		if len(p.faults) > 0 && p.faults[0].At != End {
			part = b[:min(int64(len(b)), p.faults[0].At-p.at)]
		}
		if p.split {
			part = part[:1]
		}
		if p.each > 0 && !p.wait(p.each) {
			p.discard()
			return false
		}
		n, err := p.to.Write(part)
		p.at += int64(n)
		p.count(p.direction, n)
		if err != nil {
			p.refused()
			return false
		}
		b = b[n:]
	}
	return true
}

// refused is the end when what was passed on is not taken any more.
func (p *pump) refused() {
	select {
	case <-p.over: // it was us who ended it
		p.discard()
	default: // who still writes has to be told
		abandon(p.from)
		abandon(p.to)
	}
}

// due has the faults happen whose place has come, which is ahead of b; those that need
// a byte wait for one. It reports false if nothing more is to be passed on.
func (p *pump) due(b []byte) bool {
	for len(p.faults) > 0 && p.faults[0].At == p.at {
		f := p.faults[0]
		if len(b) == 0 && f.Do == Flip {
			return true
		}
		p.faults = p.faults[1:]
		if !p.happen(f, b) {
			return false
		}
	}
	return true
}

func (p *pump) happen(f Fault, b []byte) bool {
	p.faulty()
	switch f.Do {
	case Cut:
		p.end()
		halfClose(p.to)
		halfClose(p.from)
		p.discard()
	case Reset:
		p.end()
		abandon(p.to)
		abandon(p.from)
	case Hang:
		p.discard()
	case Delay:
		if p.wait(f.Wait) {
			return true
		}
		p.discard()
	case Throttle:
		p.each, p.split = f.Wait, true
		return true
	case Split:
		p.split = true
		return true
	case Flip:
		if len(b) > 0 { // there is none at the end
			b[0] ^= 1 << (f.Bit & 7)
		}
		return true
	}
	return false
}

// finish passes an end on.
func (p *pump) finish(err error) {
	if err != io.EOF {
		p.end()
		abandon(p.to)
		abandon(p.from)
		return
	}
	for _, f := range p.faults {
		if f.At == End && !p.happen(f, nil) {
			return
		}
	}
	select {
	case <-p.over:
	default:
		halfClose(p.to)
	}
}

// discard reads on, so that the sender notices nothing.
func (p *pump) discard() { _, _ = io.Copy(io.Discard, onlyReader{p.from}) }

// onlyReader hides every other method, so that io.Copy takes the plain way.
type onlyReader struct{ io.Reader }

func halfClose(c net.Conn) {
	if tcp, ok := c.(half); ok {
		_ = tcp.CloseWrite()
	}
}

// abandon is a RST.
func abandon(c net.Conn) {
	if tcp, ok := c.(half); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
