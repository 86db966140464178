package ftpserver_test

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
)

// tappedListener shows what it accepts.
type tappedListener struct {
	net.Listener
	accepted chan *net.TCPConn
}

func (l *tappedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.accepted <- conn.(*net.TCPConn)
	}
	return conn, err
}

// F-01: a session whose client has vanished without a FIN is found out by the
// kernel in less than 90 s: by keepalive if it idles, and by the lack of an
// acknowledgement if it was being told something. Else a crashed client or a
// gateway that has forgotten it holds its place for the 10 minutes of idleness.
func TestF01VanishedSessionIsFoundOut(t *testing.T) {
	srv := serveTree(t, nil, inClear)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tapped := &tappedListener{l, make(chan *net.TCPConn, 1)}
	done := make(chan error, 1)
	go func() { done <- srv.Server.Serve(tapped) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-done; err != ftpserver.ErrServerClosed {
			t.Error(err)
		}
	})
	c := connectFrom(t, srv, l.Addr().String(), "")
	c.expect("220")
	raw, err := (<-tapped.accepted).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	option := func(level, name int) time.Duration {
		t.Helper()
		value := 0
		ctl := raw.Control(func(fd uintptr) { value, err = syscall.GetsockoptInt(int(fd), level, name) })
		if ctl != nil || err != nil {
			t.Fatalf("option %d: %v, %v", name, ctl, err)
		}
		return time.Duration(value)
	}
	const userTimeout = 18 // TCP_USER_TIMEOUT, in milliseconds
	if option(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE) == 0 {
		t.Error("a control connection has no keepalive")
	}
	idle, interval, count := option(syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE), option(syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL), option(syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT)
	if took := (idle + interval*count) * time.Second; took >= 90*time.Second {
		t.Errorf("keepalive finds out after %v + %d x %v = %v", idle*time.Second, count, interval*time.Second, took)
	}
	if took := option(syscall.IPPROTO_TCP, userTimeout) * time.Millisecond; took == 0 || took >= 90*time.Second {
		t.Errorf("a reply may stay unacknowledged for %v (0: a quarter of an hour)", took)
	}
}
