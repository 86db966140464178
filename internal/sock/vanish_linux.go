package sock

import (
	"net"
	"syscall"
	"time"
)

// userTimeout is TCP_USER_TIMEOUT (tcp(7)), which package syscall does not have.
const userTimeout = 18

func setUserTimeout(conn *net.TCPConn, d time.Duration) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	if err := raw.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, userTimeout, int(d.Milliseconds()))
	}); err != nil {
		return err
	}
	return set
}
