// Package digest hashes bytes beside their transfer: SHA-256 of a gigabyte takes as
// long as its way through TLS, and on another processor it costs no time.
package digest

import (
	"hash"
	"sync"
)

const (
	// apart is from how many bytes on a goroutine of its own hashes: below, handing
	// over costs more than the hash.
	apart = 1 << 20
	// piece is how many bytes are handed over at once, as many as a transfer moves.
	piece = 256 << 10
	// behind is how many pieces wait at most; then the transfer does.
	behind = 2
)

// lent are the pieces that no Digest has.
var lent = sync.Pool{New: func() any { return new([piece]byte) }}

// Digest is a hash of all that is written to it. It is for one goroutine at a time.
// One that is given up needs no end: what hashes for it ends by itself.
type Digest struct {
	small   int // bytes hashed by the writer; beyond apart, it is work that hashes
	filling *[piece]byte
	filled  int

	hash    hash.Hash // of the writer, or while working is set of work
	mu      sync.Mutex
	changed sync.Cond // the next two
	full    []part
	working bool
}

type part struct {
	in *[piece]byte
	n  int
}

// New gives a Digest by h.
func New(h hash.Hash) *Digest {
	d := &Digest{hash: h}
	d.changed.L = &d.mu
	return d
}

// Write implements io.Writer; it has no error. It does not keep p.
func (d *Digest) Write(p []byte) (int, error) {
	total := len(p)
	if d.small+total <= apart {
		d.small += total
		return d.hash.Write(p)
	}
	d.small = apart + 1
	for len(p) > 0 {
		if d.filling == nil {
			d.filling = lent.Get().(*[piece]byte)
		}
		n := copy(d.filling[d.filled:], p)
		p = p[n:]
		if d.filled += n; d.filled == piece {
			d.hand()
		}
	}
	return total, nil
}

// hand gives what has been filled to the goroutine, and waits if that is behind.
func (d *Digest) hand() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.full) == behind {
		d.changed.Wait()
	}
	d.full = append(d.full, part{d.filling, d.filled})
	d.filling, d.filled = nil, 0
	if !d.working {
		d.working = true
		go d.work()
	}
}

// work hashes what there is, and ends.
func (d *Digest) work() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.full) > 0 {
		next := d.full[0]
		d.full = append(d.full[:0], d.full[1:]...)
		d.changed.Signal()
		d.mu.Unlock()
		d.hash.Write(next.in[:next.n])
		lent.Put(next.in)
		d.mu.Lock()
	}
	d.working = false
	d.changed.Signal()
}

// Sum gives the hash of all that has been written.
func (d *Digest) Sum() []byte {
	if d.filling != nil {
		d.hand()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.working {
		d.changed.Wait()
	}
	return d.hash.Sum(nil)
}
