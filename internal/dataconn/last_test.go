package dataconn

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"
)

// What WriteLast writes arrives whole and with its end, close_notify under TLS, of
// any size, on TCP and on a transport without a half close; and nothing can be
// written behind it.
func TestWriteLast(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	server.SessionTicketsDisabled = true // net.Pipe has no buffer for them
	for _, size := range []int{0, 1, 4096, maxRecord, maxRecord + 1, 256 << 10, 3 << 20} {
		want := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		for _, secure := range []bool{true, false} {
			for _, tcp := range []bool{true, false} {
				if !tcp && !secure {
					continue // such a stream has no end
				}
				var ours, theirs net.Conn
				if tcp {
					ours, theirs = tcpPair(t)
				} else {
					ours, theirs = net.Pipe()
				}
				conn, peer := Plain(ours, testStall), theirs
				if secure {
					conn, peer = shakeAny(t, server, client, ours, theirs)
				}
				wrote := make(chan error, 1)
				go func() {
					n, err := conn.WriteLast(want)
					if err == nil && (n != size || conn.Sent() != int64(size)) {
						t.Errorf("%d bytes: %d written, %d sent", size, n, conn.Sent())
					}
					wrote <- err
				}()
				got, err := io.ReadAll(peer)
				if werr := <-wrote; werr != nil || err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes, TLS %v, TCP %v: wrote %v; got %d, %v", size, secure, tcp, werr, len(got), err)
				}
				conn.Abort()
			}
		}
	}
}

func shakeAny(t *testing.T, server, client *tls.Config, ours, theirs net.Conn) (*Conn, net.Conn) {
	conn, peer := shake(t, server, client, ours, theirs)
	return conn, peer
}

// A stream that broke is not finished by WriteLast, which would make the part look
// like the whole; and one that breaks in it cannot be finished later.
func TestWriteLastAfterFailure(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	for _, before := range []bool{true, false} {
		rawServer, rawClient := tcpPair(t)
		conn, _ := shake(t, server, client, rawServer, rawClient)
		rawServer.Close()
		if before {
			if _, err := conn.Write([]byte("x")); err == nil {
				t.Fatal("wrote to a closed connection")
			}
		}
		if n, err := conn.WriteLast([]byte("y")); err == nil || n != 0 {
			t.Errorf("WriteLast gave %d, %v", n, err)
		}
		if conn.Finish() == nil {
			t.Error("Finish succeeded")
		}
	}
}
