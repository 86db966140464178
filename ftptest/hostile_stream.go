package ftptest

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
)

// Stream is a connection, control or data, in the hands of a script. What is sent to a
// client that has gone is lost without a word: that is the client's right.
type Stream struct {
	raw *tap
	tls *tls.Conn
}

// tap is a TCP connection into whose input something can be put.
type tap struct {
	net.Conn
	mu   sync.Mutex
	fake []byte
}

func (t *tap) Read(p []byte) (int, error) {
	t.mu.Lock()
	if n := copy(p, t.fake); n > 0 {
		t.fake = t.fake[n:]
		t.mu.Unlock()
		return n, nil
	}
	t.mu.Unlock()
	return t.Conn.Read(p)
}

// half is what TCP connections can that a net.Conn cannot.
type half interface {
	CloseWrite() error
	SetLinger(sec int) error
}

// Secure makes the TLS handshake in the server's role. Everything goes through TLS
// from then on.
func (s *Stream) Secure(cfg *tls.Config) error {
	t := tls.Server(s.raw, cfg)
	if err := t.Handshake(); err != nil {
		return err
	}
	s.tls = t
	return nil
}

// TLS describes the connection's TLS, or is nil without.
func (s *Stream) TLS() *tls.ConnectionState {
	if s.tls == nil {
		return nil
	}
	state := s.tls.ConnectionState()
	return &state
}

func (s *Stream) top() io.ReadWriter {
	if s.tls != nil {
		return s.tls
	}
	return s.raw
}

// Read reads what the client has sent.
func (s *Stream) Read(p []byte) (int, error) { return s.top().Read(p) }

// Write is Send that tells of failures.
func (s *Stream) Write(p []byte) (int, error) { return s.top().Write(p) }

// Send sends text as it is.
func (s *Stream) Send(text string) { _, _ = io.WriteString(s.top(), text) }

// SendClear sends text as it is and past TLS.
func (s *Stream) SendClear(text string) { _, _ = io.WriteString(s.raw.Conn, text) }

// Drip sends text in pieces of one byte, and calls between, which may wait for
// something, before each of them. It ends early if the client has gone.
func (s *Stream) Drip(text string, between func()) {
	for i := range len(text) {
		if between != nil {
			between()
		}
		if _, err := io.WriteString(s.top(), text[i:i+1]); err != nil {
			return
		}
	}
}

// Flood sends piece again and again until the client has gone, or most bytes are
// sent, and returns how many were. A client that is to stop before most has failed if
// it is not less.
func (s *Stream) Flood(piece string, most int64) (sent int64) {
	block := piece
	if n := 16 << 10 / len(piece); n > 1 {
		block = strings.Repeat(piece, n)
	}
	for sent < most {
		n, err := io.WriteString(s.top(), block)
		sent += int64(n)
		if err != nil {
			break
		}
	}
	return sent
}

// Endless sends piece again and again until the client has gone, and calls between,
// which may wait for something, before each.
func (s *Stream) Endless(piece string, between func()) {
	for {
		between()
		if _, err := io.WriteString(s.top(), piece); err != nil {
			return
		}
	}
}

// CloseNotify marks the end of our direction in TLS, and leaves the connection open.
func (s *Stream) CloseNotify() {
	if s.tls != nil {
		_ = s.tls.CloseWrite()
	}
}

// FIN ends our direction of the TCP connection, without a word of TLS: under TLS it is
// a cut that looks like an end.
func (s *Stream) FIN() {
	if tcp, ok := s.raw.Conn.(half); ok {
		_ = tcp.CloseWrite()
	}
}

// End is the proper end: CloseNotify, then FIN.
func (s *Stream) End() {
	s.CloseNotify()
	s.FIN()
}

// RST breaks the TCP connection.
func (s *Stream) RST() {
	if tcp, ok := s.raw.Conn.(half); ok {
		_ = tcp.SetLinger(0)
	}
	_ = s.raw.Close()
}

// Alert sends a fatal alert of TLS (bad_record_mac), as a TLS end does that has got
// nonsense. The connection stays open.
func (s *Stream) Alert() {
	if s.tls == nil {
		return
	}
	// crypto/tls sends alerts by itself only: so it gets nonsense. A record that it was
	// in the middle of is no less spoilt.
	s.raw.mu.Lock()
	s.raw.fake = append([]byte{23, 3, 3, 0, 32}, make([]byte, 32)...)
	s.raw.mu.Unlock()
	_, _ = io.Copy(io.Discard, s.tls)
}

// Drain reads to the end, of whatever kind, and returns how many bytes there were.
func (s *Stream) Drain() int64 {
	n, _ := io.Copy(io.Discard, s.top())
	return n
}

// Silence sends nothing, and returns when the client has ended its direction.
func (s *Stream) Silence() { _, _ = io.Copy(io.Discard, s.raw.Conn) }
