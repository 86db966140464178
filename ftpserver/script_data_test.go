package ftpserver_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// The data connections of the transcripts.

// data begins a data connection; settle waits for its result. hold has sent its
// text before the dialogue goes on.
func (p *player) data(how, text string) {
	p.settle()
	port := p.port
	p.pending = make(chan error, 1)
	if how != "hold" {
		go func() { p.pending <- p.moveData(how, port, text) }()
		return
	}
	_, conn, err := p.openData(port)
	if err == nil {
		_, err = io.WriteString(conn, text)
	}
	if err != nil {
		p.fail("data connection: %v", err)
	}
	go func() {
		defer conn.Close()
		io.Copy(io.Discard, conn) // an abort may come as FIN or as RST
		p.pending <- nil
	}()
}

func (p *player) settle() {
	if p.pending == nil {
		return
	}
	if err := <-p.pending; err != nil {
		p.fail("data connection: %v", err)
	}
	p.pending = nil
}

// openData connects, and under PROT P shakes hands.
func (p *player) openData(port string) (raw *net.TCPConn, conn net.Conn, err error) {
	host, _, _ := net.SplitHostPort(p.srv.Addr)
	c, err := net.Dial("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, nil, err
	}
	c.SetDeadline(time.Now().Add(time.Minute))
	raw = c.(*net.TCPConn)
	if !p.private {
		return raw, raw, nil
	}
	t := tls.Client(raw, p.tls)
	if err := t.Handshake(); err != nil {
		raw.Close()
		return nil, nil, err
	}
	return raw, t, nil
}

func (p *player) moveData(how, port, text string) error {
	raw, conn, err := p.openData(port)
	if err != nil {
		return err
	}
	defer raw.Close()
	if how == "recv" || how == "lines" {
		got, err := io.ReadAll(conn)
		if how == "lines" {
			got, text = sortLines(string(got)), string(sortLines(text))
		}
		if err != nil || string(got) != text {
			return fmt.Errorf("got %q, %v; want %q", got, err, text)
		}
		return nil
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	if t, ok := conn.(*tls.Conn); ok && how == "send" {
		if err := t.CloseWrite(); err != nil {
			return err
		}
	}
	// The server may have ended it before, and reset it after cut: what it made of the
	// data is in its reply.
	raw.CloseWrite()
	io.Copy(io.Discard, conn)
	return nil
}

// sortLines makes listings comparable: a storage lists in no particular order.
func sortLines(s string) []byte {
	lines := strings.SplitAfter(s, "\n")
	slices.Sort(lines)
	return []byte(strings.Join(lines, ""))
}

func (p *player) refused() {
	p.settle()
	host, _, _ := net.SplitHostPort(p.srv.Addr)
	conn, err := net.Dial("tcp", net.JoinHostPort(host, p.port))
	if err == nil {
		conn.Close()
		p.fail("somebody still listens at port %s", p.port)
	}
}
