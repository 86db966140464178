//go:build unix

package sock

import (
	"net"
	"syscall"
)

// InlineUrgent keeps urgent bytes in the stream. Clients send the Telnet DM
// before ABOR as urgent data (RFC 959 §4.1.3); taken out of the stream, it would
// leave a torn Telnet sequence that eats the "A" of ABOR.
func InlineUrgent(conn *net.TCPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	if err := raw.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_OOBINLINE, 1)
	}); err != nil {
		return err
	}
	return set
}
