//go:build unix

package wire

import "syscall"

const canTry = true

// tryRead reads one byte if there is one. It is called before each wait, as the
// poller demands.
func (s *Socket) tryRead(fd uintptr) (done bool) {
	for {
		n, err := syscall.Read(int(fd), s.first[:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return false
		case err != nil:
			s.err = err
		case n == 1:
			s.has = true
		}
		return true // at the end of the input Read finds it again
	}
}
