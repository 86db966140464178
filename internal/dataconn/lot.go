package dataconn

import (
	crand "crypto/rand"
	"errors"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"syscall"
)

// maxRecent is how many ports are remembered as used lately. A client or a
// firewall may still hold a late connection of the last transfer on a port; and
// one that was seen should not tell the next.
const maxRecent = 64

// lot draws ports out of a range so that nobody can foretell them (S-53).
type lot struct {
	from uint16
	size int

	mu     sync.Mutex
	random *rand.Rand // ChaCha8: its output does not tell its state
	recent []uint16   // oldest first
}

// newLot makes a lot of the ports from first to last, both included.
func newLot(first, last uint16) *lot {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // documented never to fail
	return &lot{
		from:   first,
		size:   int(last) - int(first) + 1,
		random: rand.New(rand.NewChaCha8(seed)),
	}
}

// draw yields every port of the range once: first those not used lately, each
// equally likely, then the others, oldest first.
func (l *lot) draw() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		l.mu.Lock()
		recent := slices.Clone(l.recent)
		l.mu.Unlock()
		// Fisher and Yates, with only the swapped places kept: most draws end
		// after one port, so the range is not laid out for them.
		swapped := map[int]int{}
		at := func(i int) int {
			if v, ok := swapped[i]; ok {
				return v
			}
			return i
		}
		for i := range l.size {
			j := i + l.intN(l.size-i)
			port := l.from + uint16(at(j))
			swapped[j] = at(i)
			if !slices.Contains(recent, port) && !yield(port) {
				return
			}
		}
		for _, port := range recent {
			if !yield(port) {
				return
			}
		}
	}
}

func (l *lot) intN(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.random.IntN(n)
}

// use notes that port has been given out. At most half of the range is
// remembered, so that in a small one the choice stays open.
func (l *lot) use(port uint16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recent = slices.DeleteFunc(l.recent, func(p uint16) bool { return p == port })
	l.recent = append(l.recent, port)
	if excess := len(l.recent) - min(maxRecent, l.size/2); excess > 0 {
		l.recent = slices.Delete(l.recent, 0, excess)
	}
}

// Windows has its own numbers; package syscall's names there are inventions.
const (
	wsaEACCES     = syscall.Errno(10013)
	wsaEADDRINUSE = syscall.Errno(10048)
)

// inUse reports whether listening failed because somebody has the port.
func inUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) ||
		runtime.GOOS == "windows" && errors.Is(err, wsaEADDRINUSE)
}

// notAllowed reports whether the system keeps the port back: one below 1024,
// or out of a range that Windows has reserved. Another port may do.
func notAllowed(err error) bool {
	return errors.Is(err, syscall.EACCES) ||
		runtime.GOOS == "windows" && errors.Is(err, wsaEACCES)
}
