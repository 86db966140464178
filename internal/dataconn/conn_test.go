package dataconn

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A failed handshake closes the raw connection and says so, in both roles.
func TestHandshakeFailure(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	type role func(context.Context, net.Conn, *tls.Config, time.Duration) (*Conn, error)
	for name, end := range map[string]struct {
		make role
		cfg  *tls.Config
	}{"server": {Server, server}, "client": {Client, client}} {
		t.Run(name+" hears rubbish", func(t *testing.T) {
			ours, theirs := tcpPair(t)
			theirs.Write([]byte("this is no TLS record at all"))
			conn, err := end.make(t.Context(), ours, end.cfg, testStall)
			if conn != nil || !errors.Is(err, ErrHandshake) {
				t.Errorf("got %v, %v", conn, err)
			}
			if _, err := ours.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the raw connection is still open: %v", err)
			}
		})
		t.Run(name+" hears nothing", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				go io.Copy(io.Discard, theirs)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := end.make(ctx, ours, end.cfg, testStall)
				if !errors.Is(err, ErrHandshake) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		})
		t.Run(name+" hears a FIN", func(t *testing.T) {
			ours, theirs := tcpPair(t)
			theirs.CloseWrite()
			_, err := end.make(t.Context(), ours, end.cfg, testStall)
			if !errors.Is(err, ErrHandshake) || errors.Is(err, io.EOF) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestStateAndResumption(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for _, resumed := range []bool{false, true} {
		rawServer, rawClient := tcpPair(t)
		conn, peer := shake(t, server, client, rawServer, rawClient)
		if conn.Resumed() != resumed || conn.TLS() == nil || conn.TLS().Version != tls.VersionTLS13 {
			t.Errorf("Resumed() = %v, want %v; state %v", conn.Resumed(), resumed, conn.TLS())
		}
		if conn.RemoteAddr().String() != rawClient.LocalAddr().String() || conn.LocalAddr().String() != rawClient.RemoteAddr().String() {
			t.Errorf("addresses %v, %v", conn.LocalAddr(), conn.RemoteAddr())
		}
		conn.Write([]byte("x")) // the client meets its tickets before it
		if _, err := peer.Read(make([]byte, 1)); err != nil || conn.Sent() != 1 {
			t.Errorf("%v, sent %d", err, conn.Sent())
		}
		conn.Abort()
	}
	rawServer, _ := tcpPair(t)
	if conn := Plain(rawServer, testStall); conn.TLS() != nil || conn.Resumed() {
		t.Error("a plain connection shows a TLS state")
	}
}

// A refusal is heard by a client that goes on sending: with a close at once,
// the kernel would send RST and destroy the end of the stream unread.
func TestRefusalIsHeard(t *testing.T) {
	for _, v := range tlsVersions {
		t.Run(v.name, func(t *testing.T) {
			server, client := testTLS(t, v.version)
			rawServer, rawClient := tcpPair(t)
			conn, peer := shake(t, server, client, rawServer, rawClient)
			var refusing sync.WaitGroup
			refusing.Go(func() {
				if err := conn.Finish(); err != nil {
					t.Error(err)
				}
				conn.Drain(time.Minute)
			})
			block := make([]byte, 1<<20)
			for range 16 { // far more than the kernel's buffers hold
				if _, err := peer.Write(block); err != nil {
					t.Fatalf("the client cannot send all: %v", err)
				}
			}
			peer.CloseWrite()
			rawClient.CloseWrite()
			if _, err := peer.Read(block); err != io.EOF {
				t.Errorf("the client hears %v, want the close_notify", err)
			}
			refusing.Wait()
			if _, err := rawServer.Write(block[:1]); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Drain left the connection open: %v", err)
			}
		})
	}
}

// The tail of an upload arrives although the client never reads its tickets.
func TestUploadTailArrives(t *testing.T) {
	for _, v := range tlsVersions {
		t.Run(v.name, func(t *testing.T) {
			server, client := testTLS(t, v.version)
			rawServer, rawClient := tcpPair(t)
			file := bytes.Repeat([]byte{7}, 300<<10)
			var uploading sync.WaitGroup
			uploading.Go(func() {
				up, err := Client(t.Context(), rawClient, client, testStall)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := up.Write(file); err != nil {
					t.Error(err)
				}
				if err := up.Finish(); err != nil {
					t.Error(err)
				}
				up.Drain(time.Minute)
			})
			conn, err := Server(t.Context(), rawServer, server, testStall)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readToEnd(conn)
			if err != io.EOF || !bytes.Equal(got, file) {
				t.Errorf("%d bytes of %d arrived, then %v", len(got), len(file), err)
			}
			if err := conn.Finish(); err != nil {
				t.Error(err)
			}
			conn.Drain(time.Minute)
			uploading.Wait()
		})
	}
}

func TestDrainIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		var sending sync.WaitGroup
		sending.Go(func() { // without end
			for {
				if _, err := theirs.Write(make([]byte, 100)); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		start := time.Now()
		Plain(ours, testStall).Drain(2 * time.Second)
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("drained for %v, want 2s", d)
		}
		sending.Wait() // ends only if the connection was closed
	})
}

// A cut looks like a cut to the peer, plain too, and wakes who waits on our
// side; any number of goroutines may make it.
func TestAbort(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	for _, secure := range []bool{false, true} {
		rawServer, rawClient := tcpPair(t)
		conn, peer := Plain(rawServer, testStall), net.Conn(rawClient)
		if secure {
			conn, peer = shake(t, server, client, rawServer, rawClient)
		}
		go conn.Write(make([]byte, 64<<20)) // more than fits: blocks
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := conn.Read(make([]byte, 1)); err == nil || err == io.EOF {
				t.Errorf("secure=%v: the Read under way ended in %v", secure, err)
			}
		})
		if _, err := io.ReadFull(peer, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			all.Go(conn.Abort)
		}
		if _, err := readToEnd(peer); err == io.EOF {
			t.Errorf("secure=%v: the cut looks like an end", secure)
		}
		all.Wait()
		conn.Abort()
	}
}

// After a write that stalled, a FIN would make a part look like the whole.
func TestNoFinishAfterFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		conn := Plain(ours, testStall)
		defer conn.Abort()
		start := time.Now()
		_, err := conn.Write([]byte("nobody reads"))
		if !errors.Is(err, ErrStalled) || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != testStall {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if err := conn.Finish(); err == nil || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Finish gives %v", err)
		}
	})
}

// A reader that takes a byte just within the limit each time does not stall.
func TestSlowReaderIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		conn := Plain(ours, testStall)
		defer conn.Abort()
		go func() {
			for range 5 {
				time.Sleep(testStall - time.Second)
				theirs.Read(make([]byte, 1))
			}
		}()
		if n, err := conn.Write([]byte("12345")); n != 5 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
	})
}

func TestDialPeer(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	for _, peer := range []string{"127.0.0.1", "::ffff:127.0.0.1"} {
		conn, err := DialPeer(t.Context(), netip.MustParseAddr(peer), port)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	if _, err := DialPeer(t.Context(), loopback, 0); err == nil {
		t.Error("port 0 was dialled")
	}
}
