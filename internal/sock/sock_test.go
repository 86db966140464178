package sock

import (
	"io"
	"net"
	"testing"
)

func tcpPair(t *testing.T) (ours, theirs *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close() })
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return accepted.(*net.TCPConn), dialed.(*net.TCPConn)
}

// The connection is itself during the handshake and after it, its half close
// included.
func TestHandshakeConn(t *testing.T) {
	ours, theirs := tcpPair(t)
	if err := InlineUrgent(ours); err != nil {
		t.Error(err)
	}
	if err := FindVanished(ours); err != nil {
		t.Error(err)
	}
	c := &HandshakeConn{Conn: ours}
	for _, text := range []string{"during", "behind"} {
		if _, err := io.WriteString(theirs, text); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(text))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
			t.Errorf("read %q, %v", got, err)
		}
		c.Done()
	}
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(theirs); len(got) > 0 || err != nil {
		t.Errorf("the peer read %q, %v", got, err)
	}
}

// What is no TCP connection has neither options nor a half close.
func TestNotTCP(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	AckAtOnce(ours)
	c := &HandshakeConn{Conn: ours}
	if err := c.CloseWrite(); err == nil {
		t.Error("half a pipe was closed")
	}
}
