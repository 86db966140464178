//go:build interop

package interop

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"
)

// peer is a session of the soak: a client that is made for misuse, with its
// sockets in reach.
type peer struct {
	s      *server
	dialer net.Dialer
	raw    *net.TCPConn // control
	text   *textproto.Conn
	config *tls.Config
	early  bool // data connections shake hands before the command, as curl's do
}

// way is how a peer connects.
type way struct {
	from     string // its address; "" for any
	implicit bool
	version  uint16 // of TLS
	early    bool
}

// peerPatience bounds every step of a peer.
const peerPatience = 40 * time.Second

// newPeer connects and logs in.
func newPeer(s *server, w way) (*peer, error) {
	pool, err := roots(s)
	if err != nil {
		return nil, err
	}
	p := &peer{
		s: s, early: w.early,
		dialer: net.Dialer{Timeout: peerPatience},
		config: &tls.Config{
			RootCAs: pool, ServerName: s.host, MinVersion: w.version, MaxVersion: w.version,
			ClientSessionCache: tls.NewLRUClientSessionCache(8), // one of its own: it resumes its own session
		},
	}
	if w.from != "" {
		p.dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(w.from)}
	}
	if err := p.login(w.implicit); err != nil {
		p.drop()
		return nil, err
	}
	return p, nil
}

func roots(s *server) (*x509.CertPool, error) {
	text, err := os.ReadFile(s.ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("server.crt holds no certificate")
	}
	return pool, nil
}

func (p *peer) login(implicit bool) (err error) {
	port := p.s.explicit
	if implicit {
		port = p.s.implicit
	}
	if p.raw, err = p.dial(port); err != nil {
		return err
	}
	if !implicit {
		p.text = textproto.NewConn(p.raw)
		if _, _, err := p.text.ReadResponse(220); err != nil {
			return err
		}
		if err := p.command(234, "AUTH TLS"); err != nil {
			return err
		}
	}
	p.text = textproto.NewConn(tls.Client(p.raw, p.config))
	if implicit {
		if _, _, err := p.text.ReadResponse(220); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		code int
		line string
	}{{331, "USER " + user}, {230, "PASS " + p.s.password}, {200, "PBSZ 0"}, {200, "PROT P"}, {200, "TYPE I"}} {
		if err := p.command(step.code, step.line); err != nil {
			return err
		}
	}
	return nil
}

// dial connects to a port of the server.
func (p *peer) dial(port int) (*net.TCPConn, error) {
	conn, err := p.dialer.Dial("tcp", net.JoinHostPort(p.s.host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(peerPatience)); err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// command sends a line and wants a reply of that code, or of that class if code is
// one digit.
func (p *peer) command(code int, line string) error {
	if err := p.send(line); err != nil {
		return err
	}
	return p.reply(code, line)
}

func (p *peer) send(line string) error {
	if err := p.raw.SetDeadline(time.Now().Add(peerPatience)); err != nil {
		return err
	}
	return p.text.PrintfLine("%s", line)
}

// reply waits for the reply to a command that is sent.
func (p *peer) reply(code int, line string) error {
	if _, _, err := p.text.ReadResponse(code); err != nil {
		verb, _, _ := strings.Cut(line, " ")
		return fmt.Errorf("%s: want %d: %w", verb, code, err)
	}
	return nil
}

// offer asks for a data port and connects to it.
func (p *peer) offer() (*net.TCPConn, int, error) {
	if err := p.send("EPSV"); err != nil {
		return nil, 0, err
	}
	_, text, err := p.text.ReadResponse(229)
	if err != nil {
		return nil, 0, fmt.Errorf("EPSV: %w", err)
	}
	_, rest, _ := strings.Cut(text, "(|||")
	digits, _, _ := strings.Cut(rest, "|")
	port, err := strconv.Atoi(digits)
	if err != nil {
		return nil, 0, fmt.Errorf("EPSV: %q: %w", text, err)
	}
	conn, err := p.dial(port)
	return conn, port, err
}

// start begins a transfer: it returns the data connection after the 150.
func (p *peer) start(line string) (*tls.Conn, *net.TCPConn, error) {
	raw, _, err := p.offer()
	if err != nil {
		return nil, nil, err
	}
	conn := tls.Client(raw, p.config)
	if p.early {
		err = conn.Handshake()
	}
	if err == nil {
		err = p.command(1, line)
	}
	if err == nil {
		err = conn.Handshake()
	}
	if err != nil {
		raw.Close()
		return nil, nil, err
	}
	return conn, raw, nil
}

// get is a download, or a listing: io.ReadAll fails without close_notify.
func (p *peer) get(line string) ([]byte, error) {
	conn, _, err := p.start(line)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	data, err := io.ReadAll(conn)
	if err != nil {
		return nil, err
	}
	return data, p.reply(226, line)
}

// check is a download that must be right.
func (p *peer) check(name string, want []byte) error {
	got, err := p.get("RETR " + name)
	if err == nil && !bytes.Equal(got, want) {
		first, _, _ := strings.Cut(string(got[:min(len(got), 80)]), "\n")
		err = fmt.Errorf("%s: %d bytes that begin with %q, want %d of its own", name, len(got), first, len(want))
	}
	return err
}

func (p *peer) put(name string, data []byte) error {
	line := "STOR " + name
	conn, _, err := p.start(line)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write(data); err != nil {
		return err
	}
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	// What the server says after its handshake has to be read: a socket that is
	// closed with bytes unread resets the connection, and the data with it.
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return err
	}
	return p.reply(226, line)
}

// quit ends the session well.
func (p *peer) quit() error {
	defer p.drop()
	return p.command(221, "QUIT")
}

// drop closes the socket.
func (p *peer) drop() {
	if p.raw != nil {
		p.raw.Close()
	}
}

// reset makes a socket end with RST.
func reset(conn *net.TCPConn) error {
	if err := conn.SetLinger(0); err != nil {
		return err
	}
	return conn.Close()
}
