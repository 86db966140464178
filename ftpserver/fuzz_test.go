package ftpserver_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// fuzzState is a state of a session in which the input is sent.
type fuzzState struct {
	name     string
	tlsFirst bool // the server demands TLS
	// enter brings a session there. It gives false if a limit of the server struck,
	// as it may on a busy machine.
	enter func(c *strictClient, clientTLS *tls.Config) (cleanup func(), ok bool)
}

func fuzzStates() []fuzzState {
	lines := func(lines ...string) func(*strictClient, *tls.Config) (func(), bool) {
		return func(c *strictClient, _ *tls.Config) (func(), bool) { return func() {}, c.enter(lines...) }
	}
	return []fuzzState{
		{"greeting", true, lines()},
		{"greeting in clear", false, lines()},
		{"behind USER", false, lines("USER x")},
		{"logged in", false, lines("USER x", "PASS x")},
		{"with a data port", false, lines("USER x", "PASS x", "TYPE I", "EPSV")},
		{"behind REST", false, lines("USER x", "PASS x", "TYPE I", "EPSV", "REST 1")},
		{"behind RNFR", false, lines("USER x", "PASS x", "RNFR f")},
		{"during an upload", false, enterUpload},
		{"inside TLS", true, enterTLS},
	}
}

// enter sends lines that must succeed, and gives false if one of them was put off
// by a limit (4yz).
func (c *strictClient) enter(lines ...string) bool {
	c.t.Helper()
	for _, line := range lines {
		switch a := c.do(line); {
		case a.code >= 500:
			c.t.Fatalf("%s: %v", line, a)
		case a.code >= 400:
			return false
		}
	}
	return true
}

// enterUpload begins a STOR whose data connection is open and silent.
func enterUpload(c *strictClient, _ *tls.Config) (func(), bool) {
	if !c.enter("USER x", "PASS x") {
		return nil, false
	}
	a := c.do("EPSV")
	if a.code != 229 {
		return nil, false
	}
	text := a.lines[0]
	var port int
	if _, err := fmt.Sscanf(text[strings.IndexByte(text, '('):], "(|||%d|)", &port); err != nil {
		c.t.Fatal(err)
	}
	data, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		c.t.Fatal(err)
	}
	c.must(150, "STOR new")
	return func() { data.Close() }, true
}

func enterTLS(c *strictClient, clientTLS *tls.Config) (func(), bool) {
	c.must(234, "AUTH TLS")
	t := tls.Client(c.conn, clientTLS)
	if err := t.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.conn, c.r = t, bufio.NewReader(t)
	return func() {}, c.enter("PBSZ 0", "PROT P", "USER x", "PASS x")
}

// FuzzSession (S-33) sends the same bytes in each state of a session. Whatever they are,
// the server does not panic, sends nothing but well-formed replies, meets no error
// that it has no reply for, and the session ends or still answers; Close then
// returns, so nothing is left running.
//
// F-15.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"", "NOOP", "USER a\r\nPASS b\r\nPWD", "AUTH TLS\r\nUSER x", "AUTH TLS", "EPSV\r\nRETR f\r\nABOR", "EPSV\r\nLIST -la\r\nSTAT", "PASV\r\nSTOR g\r\nQUIT",
		"REST 9223372036854775807\r\nEPSV\r\nAPPE f", "RNFR d\r\nRNTO d/e", "RNTO /", "MKD a\"b\r\nCWD a\"b\r\nPWD\r\nMLST", "MKD \xff\xff\r\nSTAT /\r\nMLST \xff\xff",
		"OPTS MLST size;;\r\nFEAT\r\nMLST f", "MFMT 00010101000000 f\r\nMDTM f\r\nMLST f\r\nSTAT f", "MFMT 99991231235959.999 d\r\nSTAT d\r\nMLST d", "TYPE L 8\r\nSIZE f", "\xff\xf4\xff\xf2ABOR", "\xff\xfb\x01\xff\xfd\x03NOOP",
		"\xff\xfa\x18\xff\xf0STAT", "CWD " + strings.Repeat("../", 300), "DELE f\r\nRMD d\r\nCDUP\r\nPWD", "EPSV ALL\r\nPASV\r\nEPSV 2\r\nPORT 1,2,3,4,5,6", "RANG 1 3\r\nHASH f\r\nOPTS HASH MD5\r\nHASH f", "SITE COPY f g\r\nSITE CPFR f\r\nSITE CPTO d/h\r\nSITE RMDIR d", "MFF Modify=20200101000000;UNIX.mode=640; f", "OPTS MLST create;UNIX.owner;\r\nMFCT 99991231235959.999 f\r\nMLST f", "COMB \"g h\" f d/f\r\nCOMB f f", "SITE UMASK 777\r\nMKD x\r\nSITE IDLE 30\r\nSITE CHGRP 0 f", "EPSV\r\nSTOU f\r\nABOR", "HELP\r\nHELP RETR\r\nSYST\x00\r\nSTAT\r",
		"USER\r\nUSER \r\nPASS\r\nPASS \r\nACCT", "GET / HTTP/1.1", "PBSZ 0\r\nPROT C\r\nEPSV\r\nNLST d", strings.Repeat("A", 9000), strings.Repeat("NOOP\n", 50),
	} {
		f.Add([]byte(seed), false)
	}
	for i := range len(ftpserver.Commands()) {
		f.Add([]byte{0x80 + byte(i), 'f', 0x80 + byte(3*i), 'd', '/', 'h', 0x80 + byte(7*i), 0x80}, true)
	}
	certificate, pool := ftptest.Certificate("localhost")
	clientTLS := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	states := fuzzStates()
	f.Fuzz(func(t *testing.T, input []byte, verbs bool) {
		if verbs {
			input = withVerbs(input)
		}
		if len(input) > 10_000 {
			return
		}
		for _, state := range states {
			if state.name == "inside TLS" && len(input)%8 != 0 {
				continue // handshakes are slow, and the code behind them is the same
			}
			fuzzOne(t, state, input, certificate, clientTLS)
		}
	})
}

// withVerbs turns each byte above 0x7F into a line end and a verb of the table, so
// that chance alone makes dialogues.
func withVerbs(input []byte) []byte {
	commands := ftpserver.Commands()
	var out []byte
	for _, b := range input {
		if b < 0x80 {
			out = append(out, b)
			continue
		}
		out = fmt.Appendf(out, "\n%s ", commands[int(b-0x80)%len(commands)].Verb)
	}
	return out
}

func fuzzOne(t *testing.T, state fuzzState, input []byte, certificate tls.Certificate, clientTLS *tls.Config) {
	t.Helper()
	tree := memfs.From(map[string]string{"/f": "0123456789", "/d/g": "g", "/home/": ""})
	log := &panicLog{}
	l := newPipeListener()
	srv := &ftpserver.Server{
		Login: func(context.Context, auth.Credentials) (*auth.Grant, error) {
			return &auth.Grant{Account: "x", FS: tree}, nil
		},
		TLS: ftpserver.TLSPolicy{
			GetCertificate:    func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, nil },
			InsecurePlaintext: !state.tlsFirst,
		},
		// Few refusals, because the server slows down with each of them.
		Limits: ftpserver.Limits{BadCommands: 2, Connect: 5 * time.Millisecond, Stall: 5 * time.Millisecond, Linger: time.Millisecond},
		Logger: slog.New(log),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()

	conn := l.dial()
	conn.SetDeadline(time.Now().Add(30 * time.Second)) // a hang must end the test, not judge it
	c := &strictClient{t: t, conn: conn, r: bufio.NewReader(conn)}
	c.want(c.read(), 220)
	cleanup, ok := state.enter(c, clientTLS)
	if !ok {
		conn.Close()
		srv.Close()
		return
	}
	// ABOR for a transfer that the input may have begun; a line end first, in case it
	// ended in the middle of one.
	go c.conn.Write(append(append([]byte{}, input...), "\r\nABOR\r\nNOOP\r\nQUIT\r\n"...))
	if err := readToEnd(c); err != nil {
		t.Errorf("%s, %q: %v", state.name, input, err)
	}
	cleanup()
	conn.Close()
	if err := srv.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := <-served; !errors.Is(err, ftpserver.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
	if panics := log.all(); len(panics) > 0 {
		t.Errorf("%s, %q: %s", state.name, input, panics)
	}
	for e, err := range tree.List(context.Background(), vfs.Path{}, vfs.WantAll) {
		if err != nil || e.Name == "" || e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\r\n\x00") {
			t.Errorf("%s, %q: the tree holds %q, %v", state.name, input, e.Name, err)
		}
	}
}

// readToEnd reads all replies up to the end of the session, and judges them.
func readToEnd(c *strictClient) error {
	var last answer
	for {
		if err := skipTelnet(c.r); err != nil && err != io.EOF {
			return err
		}
		a, err := readStrict(c.r)
		switch {
		case err == io.EOF && (last.code == 221 || last.code == 421 || last.code == 500 && last.lines[0] == "Line too long."):
			return nil
		case err != nil:
			return fmt.Errorf("behind %v: %w", last, err)
		case a.code == 451, a.code == 421 && strings.Contains(a.lines[0], "internal"):
			return fmt.Errorf("an error without a reply of its own: %v", a)
		case a.code == 234:
			// What follows is a handshake with whatever the input holds.
			c.conn.Close()
			return nil
		}
		last = a
	}
}

// skipTelnet passes over the refusals of Telnet options, which stand between
// replies (RFC 1123 §4.1.2.12).
func skipTelnet(r *bufio.Reader) error {
	for {
		b, err := r.Peek(1)
		if err != nil || b[0] != 0xff {
			return err
		}
		answer := make([]byte, 3)
		if _, err := io.ReadFull(r, answer); err != nil {
			return err
		}
		if answer[1] != 252 && answer[1] != 254 {
			return fmt.Errorf("%w: Telnet %v", errForm, answer)
		}
	}
}

// panicLog keeps what the server logs as an error.
type panicLog struct {
	mu   sync.Mutex
	said []string
}

func (l *panicLog) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said
}

func (l *panicLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
func (l *panicLog) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *panicLog) WithGroup(string) slog.Handler                    { return l }

func (l *panicLog) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	said := r.Message
	r.Attrs(func(a slog.Attr) bool { said += " " + a.String(); return true })
	l.said = append(l.said, said)
	return nil
}

// pipeListener hands out ends of net.Pipe that claim to be TCP on loopback, so
// that data ports work: no ports are used up by the control connections.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
}

func (l *pipeListener) dial() net.Conn {
	ours, theirs := net.Pipe()
	l.conns <- pipeConn{theirs}
	return ours
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeConn{}.LocalAddr() }

type pipeConn struct{ net.Conn }

func (pipeConn) LocalAddr() net.Addr  { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 21} }
func (pipeConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000} }
