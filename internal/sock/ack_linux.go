package sock

import (
	"net"
	"syscall"
)

// AckAtOnce makes the kernel acknowledge what comes next without its usual delay
// of 40 ms. Call it before each read of a TLS handshake: GnuTLS clients (lftp,
// wget) send the end of a TLS 1.3 handshake in two small packets, and Nagle's
// algorithm holds the second back until the first is acknowledged. The option
// does not last; the kernel takes it back when data is sent (tcp(7)). Failure
// costs time and nothing else, so it is not reported.
func AckAtOnce(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
}
