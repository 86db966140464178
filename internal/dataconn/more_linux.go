package dataconn

import (
	"net"
	"syscall"
)

// writeMore writes p, or a part of it, and leaves the last packet waiting for the FIN
// that is to go with it (MSG_MORE, send(2)); the end of the connection's output sends
// it in any case. It waits as Write does.
func writeMore(conn net.Conn, p []byte) (n int, err error) {
	s, ok := conn.(*net.TCPConn)
	if !ok {
		return conn.Write(p)
	}
	rc, err := s.SyscallConn()
	if err != nil {
		return 0, err
	}
	waited := rc.Write(func(fd uintptr) (done bool) {
		n, err = syscall.SendmsgN(int(fd), p, nil, nil, syscall.MSG_MORE|syscall.MSG_NOSIGNAL)
		return err != syscall.EAGAIN && err != syscall.EINTR
	})
	if waited != nil {
		return 0, waited
	}
	return max(n, 0), err
}
