package dataconn

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// stage is one request with connections made of net.Pipe, in a bubble of
// testing/synctest, where every limit can be measured exactly.
type stage struct {
	*candidates
	t       *testing.T
	client  *tls.Config
	count   *counters
	settles atomic.Int32
}

func newStage(t *testing.T, server, client *tls.Config) *stage {
	s := &stage{t: t, client: client, count: &counters{}}
	r := Request{Local: loopback, Peer: loopback, Secure: secureWith(server), Stall: testStall}
	s.candidates = newCandidates(t.Context(), r, terms{life: time.Hour, grace: proofGrace, crowd: &crowd{}}, s.count, func(bool) { s.settles.Add(1) })
	return s
}

func secureWith(cfg *tls.Config) Secure {
	return func(ctx context.Context, raw net.Conn) (*Conn, error) { return Server(ctx, raw, cfg, testStall) }
}

// connect adds a candidate from the given address and returns the other end.
func (s *stage) connect(from netip.Addr) net.Conn {
	ours, theirs := net.Pipe()
	s.add(addressed{ours, from}, from)
	s.t.Cleanup(func() { theirs.Close() })
	return theirs
}

// finished says that nothing may be left, and that settling came once.
func (s *stage) finished() {
	s.t.Helper()
	s.close(false)
	s.running.Wait()
	if n := s.settles.Load(); n != 1 {
		s.t.Errorf("settled %d times", n)
	}
	if len(s.open) != 0 {
		s.t.Errorf("%d candidates are left", len(s.open))
	}
}

func isClosed(conn net.Conn) bool {
	conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := io.Copy(io.Discard, conn)
	return err == nil || errors.Is(err, io.ErrClosedPipe)
}

func inBubble(t *testing.T, test func(t *testing.T, server, client *tls.Config)) {
	for _, v := range tlsVersions {
		t.Run(v.name, func(t *testing.T) {
			server, client := testTLS(t, v.version)
			server.SessionTicketsDisabled = true // net.Pipe has no buffer for them
			synctest.Test(t, func(t *testing.T) { test(t, server, client) })
		})
	}
}

// S-51, T-05: strangers, and any number of silent connections from the right
// address, do not keep the true client from its transfer.
func TestT05SilentRivals(t *testing.T) {
	inBubble(t, func(t *testing.T, server, client *tls.Config) {
		s := newStage(t, server, client)
		defer s.finished()
		stranger := s.connect(netip.MustParseAddr("192.0.2.9"))
		if !isClosed(stranger) || s.count.counts().Strangers != 1 {
			t.Error("the stranger was let in")
		}
		var silent []net.Conn
		for range 50 {
			silent = append(silent, s.connect(netip.MustParseAddr("::ffff:127.0.0.1")))
			synctest.Wait()
			if len(s.open) > maxCandidates {
				t.Fatalf("%d candidates at a time", len(s.open))
			}
		}
		peer := tls.Client(s.connect(loopback), client)
		go peer.Handshake()
		conn, err := s.wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Abort()
		for i, rival := range silent {
			if !isClosed(rival) {
				t.Errorf("rival %d is still open", i)
			}
		}
		if late := s.connect(loopback); !isClosed(late) {
			t.Error("a connection after the bound one was let in")
		}
		if got := s.count.counts(); got.Dropped != 51 || got.Failed != 0 {
			t.Errorf("counted %+v", got)
		}
	})
}

// One that has begun its handshake is not the one to go while others are silent.
func TestSilentOnesGoFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, server, client *tls.Config) {
		s := newStage(t, server, client)
		defer s.finished()
		speaking := s.connect(loopback)
		speaking.Write([]byte{22, 3, 1, 2, 0}) // the header of a ClientHello
		synctest.Wait()
		for range 40 {
			s.connect(loopback)
		}
		if isClosed(speaking) {
			t.Error("the one that spoke was closed")
		}
	})
}

// The limit of a handshake counts from the accept or from Wait, whichever is
// later, and its passing is a failed handshake.
func TestHandshakeLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, server, client *tls.Config) {
		for _, late := range []bool{false, true} {
			s := newStage(t, server, client)
			if !late {
				s.connect(loopback)
				time.Sleep(testStall / 2) // no such limit before the command
			} else {
				time.AfterFunc(time.Second, func() { s.connect(loopback) })
			}
			start := time.Now()
			conn, err := s.wait(t.Context())
			want := HandshakeLimit
			if late {
				want += time.Second
			}
			if conn != nil || !errors.Is(err, ErrHandshake) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, %v", conn, err)
			}
			if d := time.Since(start); d != want {
				t.Errorf("failed after %v, want %v", d, want)
			}
			s.finished()
		}
	})
}

// A failed candidate ends Wait, but not while another may still be the true
// one; when ctx ends then, the error tells both.
func TestFailureIsRemembered(t *testing.T) {
	inBubble(t, func(t *testing.T, server, client *tls.Config) {
		for _, outcome := range []string{"alone", "rival completes", "ctx ends"} {
			s := newStage(t, server, client)
			if outcome == "rival completes" {
				rival := s.connect(loopback)
				time.AfterFunc(5*time.Second, func() { tls.Client(rival, client).Handshake() })
			} else if outcome == "ctx ends" {
				s.connect(loopback)
			}
			wrong := s.connect(loopback)
			go wrong.Write([]byte("STOR? No TLS here, at any rate"))
			synctest.Wait()

			ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
			start := time.Now()
			conn, err := s.wait(ctx)
			took := time.Since(start)
			cancel()
			switch outcome {
			case "alone":
				if !errors.Is(err, ErrHandshake) || ctx.Err() == nil || errors.Is(err, context.DeadlineExceeded) || took != 0 {
					t.Errorf("%s: %v after %v", outcome, err, took)
				}
			case "rival completes":
				if err != nil || took != 5*time.Second {
					t.Fatalf("%s: %v after %v", outcome, err, took)
				}
				conn.Abort()
			case "ctx ends":
				if !errors.Is(err, ErrHandshake) || !errors.Is(err, context.DeadlineExceeded) || took != 8*time.Second {
					t.Errorf("%s: %v after %v", outcome, err, took)
				}
			}
			if s.count.counts().Failed != 1 {
				t.Errorf("%s: counted %+v", outcome, s.count.counts())
			}
			s.finished()
		}
	})
}

// Wait without any connection ends with ctx, or with Close, and is for once.
func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.wait(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrHandshake) {
			t.Errorf("got %v", err)
		}
		if _, err := s.wait(t.Context()); err == nil {
			t.Error("Wait may be called twice")
		}
		s.finished()

		s = newStage(t, nil, nil)
		time.AfterFunc(time.Second, func() { s.close(false) })
		if _, err := s.wait(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
		s.finished()
	})
}

// A connection that was bound but never fetched is closed with the offer.
func TestUnclaimedIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil, nil)
		s.request.Secure = nil
		peer := s.connect(loopback)
		synctest.Wait()
		s.finished()
		if !isClosed(peer) {
			t.Error("it is still open")
		}
	})
}

func TestSamePeer(t *testing.T) {
	for _, c := range []struct {
		remote, peer string
		want         bool
	}{
		{"10.0.0.1", "10.0.0.1", true},
		{"10.0.0.1", "10.0.0.2", false},
		{"::ffff:10.0.0.1", "10.0.0.1", true},
		{"10.0.0.1", "::ffff:10.0.0.1", true},
		{"fe80::1%a", "fe80::1%a", true},
		{"fe80::1%a", "fe80::1%b", false},
		{"fe80::1", "fe80::1%b", true},
		{"::1", "127.0.0.1", false},
	} {
		if got := samePeer(netip.MustParseAddr(c.remote), netip.MustParseAddr(c.peer)); got != c.want {
			t.Errorf("samePeer(%s, %s) = %v", c.remote, c.peer, got)
		}
	}
	if samePeer(netip.Addr{}, netip.Addr{}) || samePeer(netip.Addr{}, loopback) {
		t.Error("an address that is none was accepted")
	}
}
