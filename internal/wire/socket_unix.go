//go:build unix

package wire

import "syscall"

const canTry = true

// tryRead reads the first bytes if there are any. It is called before each wait, as the
// poller demands.
func (s *Socket) tryRead(fd uintptr) (done bool) {
	for {
		n, err := syscall.Read(int(fd), s.first[:s.records.room(len(s.first))])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return false
		case err != nil:
			s.err = err
		case n > 0:
			s.from, s.to = 0, n
			s.records.advance(s.first[:n])
		}
		return true // at the end of the input Read finds it again
	}
}
