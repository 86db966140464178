package ftptest

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"strings"
)

// maxCommand bounds a line of the client, in bytes.
const maxCommand = 1 << 20

// Session is one control connection, as its script sees it. The client's deviations
// end the script; Hostile.Close reports them.
type Session struct {
	*Stream // the control connection
	h       *Hostile
	br      *bufio.Reader
	ln      net.Listener
	streams []*Stream
}

func (s *Session) lines() { s.br = bufio.NewReader(s.Stream) }

func (s *Session) end() {
	if s.ln != nil {
		s.h.drop(s.ln)
	}
	for _, d := range append(s.streams, s.Stream) {
		s.h.drop(d.raw.Conn)
	}
}

// Failf reports a deviation, and ends the script.
func (s *Session) Failf(format string, args ...any) { s.h.fail(format, args...) }

// Stop ends the script and closes the connections.
func (s *Session) Stop() { runtime.Goexit() }

// Line reads one command, without its CRLF; ok is false when there are no more.
func (s *Session) Line() (line string, ok bool) {
	var b strings.Builder
	for {
		part, err := s.br.ReadSlice('\n')
		b.Write(part)
		if err == bufio.ErrBufferFull && b.Len() < maxCommand {
			continue
		}
		if err != nil {
			return "", false
		}
		break
	}
	line = strings.TrimSuffix(strings.TrimSuffix(b.String(), "\n"), "\r")
	s.h.mu.Lock()
	s.h.heard = append(s.h.heard, line)
	s.h.mu.Unlock()
	return line, true
}

// Expect reads one command, which must fit the pattern: a star stands for any text.
// A client that has gone ends the script without being a deviation.
func (s *Session) Expect(pattern string) string {
	got, ok := s.Line()
	if !ok {
		s.Stop()
	}
	if !fits(got, pattern) {
		s.Failf("the client said %q, expected was %q", got, pattern)
	}
	return got
}

func fits(s, pattern string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return s == pattern
	}
	s, ok := strings.CutPrefix(s, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		if _, s, ok = strings.Cut(s, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// Reply sends lines, each with CRLF.
func (s *Session) Reply(lines ...string) { s.Send(strings.Join(lines, "\r\n") + "\r\n") }

// Answer is Expect and Reply.
func (s *Session) Answer(pattern string, lines ...string) {
	s.Expect(pattern)
	s.Reply(lines...)
}

// StartTLS makes the control connection's handshake. If it fails, the script ends.
func (s *Session) StartTLS() {
	if err := s.Secure(s.h.TLS); err != nil {
		s.Stop()
	}
	s.lines()
}

// Greet says 220 and goes to TLS by AUTH TLS.
func (s *Session) Greet() {
	s.Reply("220 ready")
	s.Answer("AUTH TLS", "234 go on")
	s.StartTLS()
}

// Login is Greet and a proper login with the given lines of FEAT; without any, FEAT is
// unknown.
func (s *Session) Login(features ...string) {
	s.Greet()
	s.User(features...)
}

// User is the part of Login behind TLS.
func (s *Session) User(features ...string) {
	s.Answer("USER "+User, "331 password")
	s.Answer("PASS "+Password, "230 in")
	s.Answer("PBSZ 0", "200 ok")
	s.Answer("PROT P", "200 ok")
	if len(features) == 0 {
		s.Answer("FEAT", "500 no")
	} else {
		s.Answer("FEAT", "211-Features", " "+strings.Join(features, "\r\n "), "211 End")
	}
	s.Answer("TYPE I", "200 ok")
}

// Listen opens a data port, in place of the one before.
func (s *Session) Listen() (port int) {
	if s.ln != nil {
		s.h.drop(s.ln)
	}
	ln, err := s.h.net.listen()
	if err != nil {
		s.Failf("%v", err)
	}
	s.h.keep(ln)
	s.ln = ln
	return ln.Addr().(*net.TCPAddr).Port
}

// EPSV answers EPSV with a data port.
func (s *Session) EPSV() {
	s.Answer("EPSV", fmt.Sprintf("229 Entering extended passive mode (|||%d|)", s.Listen()))
}

// PASV refuses EPSV if the client tries it, and answers PASV with a data port, which
// is said to be at host, an IPv4 address.
func (s *Session) PASV(host string) {
	if got := s.Expect("*P*SV"); got == "EPSV" {
		s.Reply("500 what")
		s.Expect("PASV")
	}
	s.Reply(PASVReply(host, s.Listen()))
}

// PASVReply is a 227 for host and port.
func PASVReply(host string, port int) string {
	return fmt.Sprintf("227 Entering Passive Mode (%s,%d,%d)", strings.ReplaceAll(host, ".", ","), port>>8, port&255)
}

// Accept takes the data connection, without TLS.
func (s *Session) Accept() *Stream {
	if s.ln == nil {
		s.Failf("the script has no data port")
	}
	raw, err := s.ln.Accept()
	if err != nil {
		s.Stop() // by Close
	}
	d := s.h.stream(raw)
	s.streams = append(s.streams, d)
	return d
}

// Data takes the data connection and makes its handshake. If that fails, the reply is
// 425 and the script ends as if it returned.
func (s *Session) Data() *Stream {
	d, cfg := s.Accept(), s.h.TLS
	if s.h.DataTLS != nil {
		cfg = s.h.DataTLS
	}
	if err := d.Secure(cfg); err != nil {
		d.FIN()
		s.Reply("425 handshake failed")
		s.rest()
		s.Stop()
	}
	return d
}

// Transfer plays EPSV, the command, 150 and the handshake.
func (s *Session) Transfer(pattern string) *Stream {
	s.EPSV()
	s.Answer(pattern, "150 here it comes")
	return s.Data()
}

// rest answers properly what needs no state.
func (s *Session) rest() {
	for {
		line, ok := s.Line()
		if !ok {
			return
		}
		switch line {
		case "NOOP":
			s.Reply("200 ok")
		case "QUIT":
			s.Reply("221 bye")
			return
		default:
			s.Reply("500 not in the script")
		}
	}
}
