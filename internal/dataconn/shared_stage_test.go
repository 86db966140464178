package dataconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipeListener is a listener in a bubble: connections are made by connect.
type pipeListener struct {
	port  uint16
	queue chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(loopback, l.port))
}

// sharedStage is a Shared in a bubble of testing/synctest, where every limit can
// be measured exactly. What a client sends stands for its handshake: "proven",
// "unproven", these after "slowly " (10 ms), or anything else, which fails.
type sharedStage struct {
	*Shared
	t         *testing.T
	listeners map[uint16]*pipeListener
}

const firstStagePort = 50000

func newSharedStage(t *testing.T, ports int, options SharedOptions) *sharedStage {
	s := &sharedStage{t: t, listeners: map[uint16]*pipeListener{}}
	var all []net.Listener
	for i := range ports {
		l := &pipeListener{port: uint16(firstStagePort + i), queue: make(chan net.Conn), done: make(chan struct{})}
		s.listeners[l.port] = l
		all = append(all, l)
	}
	var err error
	if s.Shared, err = NewShared(all, options); err != nil {
		t.Fatal(err)
	}
	return s
}

// finished closes the ports and says that nothing may be left (SP-14). Goroutines
// that were left would keep the bubble from ending.
func (s *sharedStage) finished() {
	s.t.Helper()
	began := time.Now()
	s.Close()
	if d := time.Since(began); d != 0 {
		s.t.Errorf("Close took %v", d)
	}
	wantNothingLeft(s.t, s.Shared)
}

func wantNothingLeft(t *testing.T, s *Shared) {
	t.Helper()
	if len(s.owners) != 0 || len(s.queues) != 0 || len(s.offers) != 0 || s.crowd.size.Load() != 0 {
		t.Errorf("left: %d owners, %d queues, %d offers, %d candidates", len(s.owners), len(s.queues), len(s.offers), s.crowd.size.Load())
	}
}

func fakeHandshake(_ context.Context, raw net.Conn) (*Conn, error) {
	buf := make([]byte, 16)
	n, err := raw.Read(buf)
	word := string(buf[:n])
	if rest, slow := strings.CutPrefix(word, "slowly "); slow {
		time.Sleep(10 * time.Millisecond)
		word = rest
	}
	if err != nil || word != "proven" && word != "unproven" {
		raw.Close()
		return nil, fmt.Errorf("%w: %q, %w", ErrHandshake, word, err)
	}
	conn := Plain(raw, testStall)
	conn.state = &tls.ConnectionState{DidResume: word == "proven"}
	return conn, nil
}

// habitOf is a Habits that hears nothing, and has connections without proof wait.
type habitOf func() time.Duration

func (h habitOf) Grace(time.Duration) time.Duration { return h() }
func (habitOf) Proven(time.Duration)                {}
func (habitOf) Waited(bool)                         {}

var resumes = habitOf(func() time.Duration { return time.Hour })

// request is one of a session that has resumed before.
func (s *sharedStage) request(client netip.Addr) Request {
	return Request{Local: loopback, Peer: client, Secure: fakeHandshake, Habits: resumes, Stall: testStall}
}

// offer makes one that must succeed at once.
func (s *sharedStage) offer(client netip.Addr) Offer {
	s.t.Helper()
	began := time.Now()
	o, err := s.Offer(s.t.Context(), s.request(client))
	if err != nil || !time.Now().Equal(began) {
		s.t.Fatalf("an offer failed or waited: %v, %v", err, time.Since(began))
	}
	return o
}

// connect opens a connection to the port, sends the words and lets them have their
// effect.
func (s *sharedStage) connect(port uint16, client netip.Addr, words string) net.Conn {
	theirs := s.dial(port, client, words)
	synctest.Wait()
	return theirs
}

func (s *sharedStage) dial(port uint16, client netip.Addr, words string) net.Conn {
	ours, theirs := net.Pipe()
	s.t.Cleanup(func() { theirs.Close() })
	s.listeners[port].queue <- addressed{ours, client}
	if words != "" {
		go theirs.Write([]byte(words))
	}
	return theirs
}

// is reports whether conn is the server's end of client.
func is(conn *Conn, client net.Conn) bool {
	go conn.Write([]byte("?"))
	client.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := client.Read(make([]byte, 1))
	return err == nil
}

// onStage runs a test in a bubble with a stage.
func onStage(t *testing.T, ports int, options SharedOptions, test func(t *testing.T, s *sharedStage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSharedStage(t, ports, options)
		defer s.finished()
		test(t, s)
	})
}
