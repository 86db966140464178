//go:build linux || darwin || freebsd

package dataconn

import (
	"net"
	"syscall"
)

// peek looks, without waiting, at the first byte that has arrived but not been
// read. gone says that the peer has hung up and no byte is left.
func peek(raw net.Conn) (first byte, arrived, gone bool) {
	s, ok := raw.(syscall.Conn)
	if !ok {
		return 0, false, false
	}
	rc, err := s.SyscallConn()
	if err != nil {
		return 0, false, true // closed
	}
	var buf [1]byte
	err = rc.Control(func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), buf[:], syscall.MSG_PEEK) // Go's sockets never block
		arrived = err == nil && n > 0
		gone = err == nil && n == 0 || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
	})
	return buf[0], arrived, gone || err != nil
}
