//go:build walljump

package wire

import (
	"net"
	"testing"
	"time"
)

// F-09: behind a reply whose time is over a clock that is put back must not make the next
// write, such as the answer to a KeyUpdate, fail: that would end the session.
func TestF09WriteAfterTheClockIsPutBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s := NewSocket(conn)
	s.limit = time.Minute
	if err := s.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for err = nil; err == nil; { // until that time is over
		_, err = conn.Write([]byte("x"))
	}
	time.JumpWall(-time.Hour)
	defer time.JumpWall(time.Hour)
	if _, err := s.Write([]byte("y")); err != nil {
		t.Error(err)
	}
}
