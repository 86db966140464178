package ftptest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/sealane/sealane/ftp"
)

// Script is what a Hostile server does with one control connection. When it returns,
// NOOP and QUIT are answered properly, and whatever else with 500.
type Script func(*Session)

// Hostile is a server that does, byte for byte, what a script says: for the tests of
// clients, which have to bear what no proper server does. Its fields are for reading;
// TLS and DataTLS may be changed before the first connection.
type Hostile struct {
	Addr        string // "127.0.0.1:port"
	Certificate tls.Certificate
	Pool        *x509.CertPool // trusts Certificate
	TLS         *tls.Config    // of control connections
	DataTLS     *tls.Config    // of data connections; nil means TLS

	script Script
	net    network
	ln     net.Listener
	wg     sync.WaitGroup

	mu      sync.Mutex // guards what follows
	err     error
	heard   []string
	dialled []string
	open    map[interface{ Close() error }]struct{}
	closed  bool
}

// NewHostile starts a server on a port of 127.0.0.1. It panics if it cannot.
func NewHostile(script Script) *Hostile { return newHostile(loopback{}, script) }

// NewHostileInMemory starts a server that is reached by its DialContext only. Neither
// it nor its connections need the operating system, so that in a bubble of
// testing/synctest time passes as soon as both ends wait.
func NewHostileInMemory(script Script) *Hostile { return newHostile(&memory{}, script) }

func newHostile(n network, script Script) *Hostile {
	h := &Hostile{script: script, net: n, open: map[interface{ Close() error }]struct{}{}}
	h.Certificate, h.Pool = Certificate("localhost", "127.0.0.1")
	h.TLS = &tls.Config{Certificates: []tls.Certificate{h.Certificate}}
	ln, err := n.listen()
	if err != nil {
		panic(fmt.Sprintf("ftptest: %v", err))
	}
	h.ln, h.Addr = ln, ln.Addr().String()
	h.keep(ln)
	h.wg.Go(h.accept)
	return h
}

func (h *Hostile) accept() {
	for {
		raw, err := h.ln.Accept()
		if err != nil {
			return
		}
		h.wg.Go(func() { h.play(raw) })
	}
}

func (h *Hostile) play(raw net.Conn) {
	s := &Session{Stream: h.stream(raw), h: h}
	defer s.end()
	s.lines()
	h.script(s)
	s.rest()
}

// URL is the address with the account that Login expects. For implicit FTPS set its
// Security.
func (h *Hostile) URL() ftp.URL {
	host, port, _ := net.SplitHostPort(h.Addr)
	return ftp.URL{User: User, Password: Password, HasPassword: true, Host: host, Port: port, Path: "/"}
}

var errElsewhere = errors.New("ftptest: this is not the server")

// DialContext connects to the server, for clients that can be given a dialer, and
// notes the address. Any other address is one that the client must not connect to:
// it is noted, and refused.
func (h *Hostile) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	h.mu.Lock()
	h.dialled = append(h.dialled, address)
	h.mu.Unlock()
	if host, _, err := net.SplitHostPort(address); err != nil || host != "127.0.0.1" {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errElsewhere}
	}
	return h.net.dial(ctx, address)
}

// Dialled returns the addresses that DialContext was asked for.
func (h *Hostile) Dialled() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.dialled)
}

// Heard returns the lines of all commands, in their order.
func (h *Hostile) Heard() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.heard)
}

// Verbs returns the first words of Heard, in capitals and with spaces between.
func (h *Hostile) Verbs() string {
	verbs := h.Heard()
	for i, line := range verbs {
		verb, _, _ := strings.Cut(line, " ")
		verbs[i] = strings.ToUpper(verb)
	}
	return strings.Join(verbs, " ")
}

// Close ends all connections, waits for the scripts, and returns where the client
// first did something else than a script expected.
func (h *Hostile) Close() error {
	h.mu.Lock()
	h.closed = true
	open := h.open
	h.open = nil
	h.mu.Unlock()
	for c := range open {
		_ = c.Close()
	}
	h.wg.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// keep notes what Close has to close; if that is over, it closes at once.
func (h *Hostile) keep(c interface{ Close() error }) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		_ = c.Close()
		return
	}
	h.open[c] = struct{}{}
}

func (h *Hostile) drop(c interface{ Close() error }) {
	_ = c.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, c)
}

func (h *Hostile) stream(raw net.Conn) *Stream {
	h.keep(raw)
	return &Stream{raw: &tap{Conn: raw}}
}

// fail notes the first deviation and ends the script.
func (h *Hostile) fail(format string, args ...any) {
	h.mu.Lock()
	if h.err == nil && !h.closed {
		h.err = fmt.Errorf("ftptest: "+format, args...)
	}
	h.mu.Unlock()
	runtime.Goexit()
}
