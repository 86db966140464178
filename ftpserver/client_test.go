package ftpserver_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// hangLimit ends a test that hangs. No result is judged by it.
const hangLimit = time.Minute

// serveTree starts a server for the test.
func serveTree(t *testing.T, files map[string]string, configure func(*ftpserver.Server)) *ftptest.Server {
	t.Helper()
	srv := ftptest.NewServer(files, configure)
	t.Cleanup(srv.Close)
	return srv
}

func inClear(s *ftpserver.Server) { s.TLS.InsecurePlaintext = true }

// rawClient is a client of the control connection that does what a test tells
// it, and no more. It checks that every reply is well-formed.
type rawClient struct {
	t    testing.TB
	die  func() // ends the goroutine that uses the client
	srv  *ftptest.Server
	tcp  *net.TCPConn
	conn net.Conn // tcp, or TLS over it
	r    *bufio.Reader
	tls  *tls.Config
	data []net.Conn // data connections made
}

// connect opens a control connection and reads nothing.
func connect(t testing.TB, srv *ftptest.Server) *rawClient {
	t.Helper()
	return connectFrom(t, srv, srv.Addr, "")
}

// connectFrom is connect to addr, from the local address from if that is not "".
func connectFrom(t testing.TB, srv *ftptest.Server, addr, from string) *rawClient {
	t.Helper()
	c := &rawClient{t: t, die: t.FailNow, srv: srv, tls: srv.ClientTLS()}
	c.tls.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	c.dial(addr, from)
	t.Cleanup(c.away)
	return c
}

// away closes all connections of the client.
func (c *rawClient) away() {
	c.tcp.Close()
	for _, conn := range c.data {
		conn.Close()
	}
}

func (c *rawClient) dial(addr, from string) {
	var d net.Dialer
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	conn, err := d.Dial("tcp", addr)
	if err != nil {
		c.fail("%v", err)
	}
	conn.SetDeadline(time.Now().Add(hangLimit))
	c.tcp, c.conn = conn.(*net.TCPConn), conn
	c.r = bufio.NewReader(conn)
}

// inGoroutine makes failures end only the goroutine that uses the client, as
// FailNow is for that of the test alone.
func (c *rawClient) inGoroutine() *rawClient {
	c.die = runtime.Goexit
	return c
}

func (c *rawClient) fail(format string, args ...any) {
	c.t.Helper()
	c.t.Errorf(format, args...)
	c.die()
}

// write sends bytes as they are.
func (c *rawClient) write(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, s); err != nil {
		c.fail("sending %.40q: %v", s, err)
	}
}

var replyStart = regexp.MustCompile(`^[1-5][0-9][0-9][ -]`)

// line reads one line of the server, without its CRLF.
func (c *rawClient) line() (string, error) {
	s, err := c.r.ReadString('\n')
	if err != nil {
		return s, err
	}
	text, ok := strings.CutSuffix(s, "\r\n")
	if !ok || strings.ContainsAny(text, "\r\n\x00") {
		c.t.Helper()
		c.fail("reply line is not well-formed: %q", s)
	}
	return text, nil
}

// tryReply reads one whole reply.
func (c *rawClient) tryReply() (string, error) {
	c.t.Helper()
	first, err := c.line()
	if err != nil {
		return first, err
	}
	if !replyStart.MatchString(first) {
		c.fail("no reply: %q", first)
	}
	reply := first
	for last := first[:3] + " "; !strings.HasPrefix(reply[strings.LastIndexByte(reply, '\n')+1:], last); {
		next, err := c.line()
		if err != nil {
			return reply, err
		}
		reply += "\n" + next
	}
	return reply, nil
}

// expect reads one reply and checks how it begins.
func (c *rawClient) expect(prefix string) string {
	c.t.Helper()
	reply, err := c.tryReply()
	if err != nil || !strings.HasPrefix(reply, prefix) {
		c.fail("want %s, got %q, %v", prefix, reply, err)
	}
	return reply
}

// do sends one command and reads its reply.
func (c *rawClient) do(command, prefix string) string {
	c.t.Helper()
	c.write(command + "\r\n")
	reply, err := c.tryReply()
	if err != nil || !strings.HasPrefix(reply, prefix) {
		c.fail("%.80q: want %s, got %q, %v", command, prefix, reply, err)
	}
	return reply
}

// expectClosed checks that the server says nothing more and closes.
func (c *rawClient) expectClosed() {
	c.t.Helper()
	s, err := c.line()
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.fail("want the connection closed, got %q, %v", s, err)
	}
}

// handshake changes the control connection to TLS.
func (c *rawClient) handshake() {
	c.t.Helper()
	s := tls.Client(c.tcp, c.tls)
	if err := s.Handshake(); err != nil {
		c.fail("handshake on control: %v", err)
	}
	c.conn, c.r = s, bufio.NewReader(s)
}

func (c *rawClient) authTLS() {
	c.t.Helper()
	c.expect("220")
	c.do("AUTH TLS", "234")
	c.handshake()
}

func (c *rawClient) userPass() {
	c.t.Helper()
	c.do("USER "+ftptest.User, "331")
	c.do("PASS "+ftptest.Password, "230")
	c.do("TYPE I", "200")
}

// login logs in under TLS with PROT P.
func (c *rawClient) login() *rawClient {
	c.t.Helper()
	c.authTLS()
	c.do("PBSZ 0", "200")
	c.do("PROT P", "200")
	c.userPass()
	return c
}

// loginClear logs in without TLS.
func (c *rawClient) loginClear() *rawClient {
	c.t.Helper()
	c.expect("220")
	c.userPass()
	return c
}

var epsvPort = regexp.MustCompile(`\(\|\|\|(\d+)\|\)`)

// epsv asks for a data port and gives its address.
func (c *rawClient) epsv() string {
	c.t.Helper()
	m := epsvPort.FindStringSubmatch(c.do("EPSV", "229"))
	if m == nil {
		c.fail("no port in the reply to EPSV")
	}
	host, _, _ := net.SplitHostPort(c.tcp.RemoteAddr().String())
	return net.JoinHostPort(host, m[1])
}

// dialData connects to a data port.
func (c *rawClient) dialData(addr string) *net.TCPConn {
	c.t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		c.fail("data connection: %v", err)
	}
	c.data = append(c.data, conn)
	conn.SetDeadline(time.Now().Add(hangLimit))
	return conn.(*net.TCPConn)
}

// secureData connects to a data port and shakes hands.
func (c *rawClient) secureData(addr string) (*tls.Conn, *net.TCPConn) {
	c.t.Helper()
	tcp := c.dialData(addr)
	s := tls.Client(tcp, c.tls)
	if err := s.Handshake(); err != nil {
		c.fail("handshake on data: %v", err)
	}
	return s, tcp
}

// endUpload ends an upload as a careful client does: close_notify, FIN, and
// only then away, when the server has ended too.
func endUpload(s *tls.Conn, tcp *net.TCPConn) error {
	err := errors.Join(s.CloseWrite(), tcp.CloseWrite())
	if err == nil {
		_, err = io.Copy(io.Discard, s)
	}
	return errors.Join(err, tcp.Close())
}

// retr downloads a file under TLS, or in clear on a control connection in clear.
func (c *rawClient) retr(name string) (content string, resumed bool) {
	c.t.Helper()
	addr := c.epsv()
	c.do("RETR "+name, "150")
	var conn net.Conn
	if _, plain := c.conn.(*net.TCPConn); plain {
		conn = c.dialData(addr)
	} else {
		s, _ := c.secureData(addr)
		conn, resumed = s, s.ConnectionState().DidResume
	}
	defer conn.Close()
	b, err := io.ReadAll(conn)
	if err != nil {
		c.fail("RETR %s: %v", name, err)
	}
	c.expect("226")
	return string(b), resumed
}

// stor uploads a file under TLS, or in clear on a control connection in clear.
func (c *rawClient) stor(name, content string) {
	c.t.Helper()
	addr := c.epsv()
	c.do("STOR "+name, "150")
	if _, plain := c.conn.(*net.TCPConn); plain {
		conn := c.dialData(addr)
		io.WriteString(conn, content)
		conn.Close()
	} else {
		s, tcp := c.secureData(addr)
		if _, err := io.WriteString(s, content); err != nil {
			c.fail("STOR %s: %v", name, err)
		}
		if err := endUpload(s, tcp); err != nil {
			c.fail("STOR %s: %v", name, err)
		}
	}
	c.expect("226")
}

// reset ends the control connection by RST.
func (c *rawClient) reset() {
	c.tcp.SetLinger(0)
	c.tcp.Close()
}
