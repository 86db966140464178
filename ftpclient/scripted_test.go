package ftpclient

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
)

// server plays a script to each connection that it gets, and fails the test if
// the client says something else than the script expects.
type server struct {
	t      testing.TB
	ln     net.Listener
	tls    *tls.Config // of control connections and, unless data is set, of data
	data   *tls.Config
	roots  *x509.CertPool
	script func(*session)
	wg     sync.WaitGroup

	mu    sync.Mutex
	heard []string // all command lines
}

type session struct {
	*server
	raw   net.Conn
	conn  net.Conn
	br    *bufio.Reader
	ports net.Listener
}

// serve starts a server; it is stopped, and waited for, when the test ends.
func serve(t testing.TB, script func(*session)) *server {
	t.Helper()
	cert, roots := testCertificate(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, ln: ln, roots: roots, script: script, tls: &tls.Config{Certificates: []tls.Certificate{cert}}}
	var conns sync.Map
	s.wg.Go(func() {
		for {
			raw, err := ln.Accept()
			if err != nil {
				return
			}
			conns.Store(raw, nil)
			s.wg.Go(func() { s.play(raw) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		conns.Range(func(raw, _ any) bool { _ = raw.(net.Conn).Close(); return true })
		s.wg.Wait()
	})
	return s
}

func (s *server) play(raw net.Conn) {
	c := &session{server: s, raw: raw, conn: raw, br: bufio.NewReader(raw)}
	defer func() {
		_ = raw.Close()
		if c.ports != nil {
			_ = c.ports.Close()
		}
	}()
	s.script(c)
	c.rest()
}

func testCertificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots
}

func (s *server) url() ftp.URL {
	_, port, _ := net.SplitHostPort(s.ln.Addr().String())
	return ftp.URL{User: "anna", Password: "secret", Host: "127.0.0.1", Port: port, Path: "/"}
}

func (s *server) options() Options { return Options{RootCAs: s.roots} }

// dial logs in on s, which must let it.
func (s *server) dial(opt Options) *Client {
	s.t.Helper()
	c, err := Dial(context.Background(), s.url(), opt)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// said returns the verbs that were heard, in order.
func (s *server) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	verbs := make([]string, 0, len(s.heard))
	for _, line := range s.heard {
		verb, _, _ := strings.Cut(line, " ")
		verbs = append(verbs, verb)
	}
	return strings.Join(verbs, " ")
}

// stop ends the script without ending the test.
func (c *session) stop() { runtime.Goexit() }

func (c *session) failf(format string, args ...any) {
	c.t.Errorf("server: "+format, args...)
	c.stop()
}

// send writes s as it is; errors are the client's matter.
func (c *session) send(s string) { _, _ = io.WriteString(c.conn, s) }

func (c *session) reply(lines ...string) { c.send(strings.Join(lines, "\r\n") + "\r\n") }

// line reads one command line; ok is false at the end of the connection.
func (c *session) line() (line string, ok bool) {
	line, err := c.br.ReadString('\n')
	if err != nil {
		return "", false
	}
	line = strings.TrimSuffix(line, "\r\n")
	c.mu.Lock()
	c.heard = append(c.heard, line)
	c.mu.Unlock()
	return line, true
}

func (c *session) expect(want string) {
	got, ok := c.line()
	if !ok {
		c.stop()
	}
	if got != want {
		c.failf("got %q, want %q", got, want)
	}
}

// rest answers NOOP and QUIT, and whatever else with 500, to the end.
func (c *session) rest() {
	for {
		line, ok := c.line()
		if !ok {
			return
		}
		switch line {
		case "NOOP":
			c.reply("200 ok")
		case "QUIT":
			c.reply("221 bye")
			return
		default:
			c.reply("500 not in the script")
		}
	}
}

func (c *session) upgrade() {
	t := tls.Server(c.raw, c.tls)
	if err := t.Handshake(); err != nil {
		c.stop()
	}
	c.conn, c.br = t, bufio.NewReader(t)
}

func (c *session) start() {
	c.reply("220 ready")
	c.expect("AUTH TLS")
	c.reply("234 go on")
	c.upgrade()
}

func (c *session) login(features ...string) {
	c.start()
	c.expect("USER anna")
	c.reply("331 password")
	c.expect("PASS secret")
	c.reply("230 in")
	c.expect("PBSZ 0")
	c.reply("200 ok")
	c.expect("PROT P")
	c.reply("200 ok")
	c.ready(features...)
}

func (c *session) ready(features ...string) {
	c.expect("FEAT")
	if len(features) == 0 {
		c.reply("500 no")
	} else {
		c.reply("211-Features", " "+strings.Join(features, "\r\n "), "211 End")
	}
	c.expect("TYPE I")
	c.reply("200 ok")
}

func (c *session) listen() (port int) {
	if c.ports != nil {
		_ = c.ports.Close()
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.failf("%v", err)
	}
	c.ports = ln
	return ln.Addr().(*net.TCPAddr).Port
}

func (c *session) epsv() {
	c.expect("EPSV")
	c.reply("229 Entering extended passive mode (|||" + strconv.Itoa(c.listen()) + "|)")
}

// acceptRaw takes the data connection as TCP gives it.
func (c *session) acceptRaw() *net.TCPConn {
	raw, err := c.ports.Accept()
	if err != nil {
		c.failf("%v", err)
	}
	c.t.Cleanup(func() { _ = raw.Close() })
	return raw.(*net.TCPConn)
}

// data is the server's end of a data connection.
type data struct {
	*tls.Conn
	tcp *net.TCPConn
}

// accept takes the data connection and makes the handshake. If that fails, it
// says so, and the script ends.
func (c *session) accept() data {
	tcp, cfg := c.acceptRaw(), c.server.tls
	if c.server.data != nil {
		cfg = c.server.data
	}
	d := data{tls.Server(tcp, cfg), tcp}
	if err := d.Handshake(); err != nil {
		_ = tcp.Close()
		c.reply("425 handshake failed")
		c.rest()
		c.stop()
	}
	return d
}

// end is the right end of a data connection: close_notify, then FIN.
func (d data) end() { _ = d.CloseWrite(); _ = d.tcp.CloseWrite() }

// fin is the cut that looks like an end: FIN without close_notify.
func (d data) fin() { _ = d.tcp.CloseWrite() }

// rst breaks the connection.
func (d data) rst() { _ = d.tcp.SetLinger(0); _ = d.tcp.Close() }

// retr plays RETR up to the 150 and the handshake.
func (c *session) retr(path string) data {
	c.epsv()
	c.expect("RETR " + path)
	c.reply("150 here it comes")
	return c.accept()
}

// wantError checks the kinds of err: each kind must or must not be in it.
func wantError(t *testing.T, err error, kinds ...error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, kind := range kinds {
		if !errors.Is(err, kind) {
			t.Errorf("error %q is not %q", err, kind)
		}
	}
}

func wantCode(t *testing.T, err error, code ftp.Code) {
	t.Helper()
	var refused *ftp.Error
	if !errors.As(err, &refused) || refused.Reply.Code != code {
		t.Errorf("error %v holds no reply %d", err, code)
	}
}

func pasv(host string, port int) string {
	return fmt.Sprintf("227 Entering Passive Mode (%s,%d,%d)", strings.ReplaceAll(host, ".", ","), port>>8, port&255)
}
