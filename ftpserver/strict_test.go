package ftpserver_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftptest"
)

// answer is one reply, read with no mercy.
type answer struct {
	code  int
	lines []string // without code and line end
}

func (a answer) String() string { return fmt.Sprintf("%d %q", a.code, a.lines) }

var errForm = errors.New("not a well-formed reply")

// readStrict reads one reply exactly as RFC 959 §4.2 and RFC 2389 §3.2 write it:
// CRLF at the end of each line and no CR, LF or NUL elsewhere; "xyz text", or
// "xyz-text", lines behind one space, "xyz text". Unlike the codec of a client it
// forgives nothing.
func readStrict(r *bufio.Reader) (answer, error) {
	line, err := readStrictLine(r)
	if err != nil {
		return answer{}, err
	}
	if len(line) < 4 || line[3] != ' ' && line[3] != '-' ||
		line[0] < '1' || line[0] > '5' || line[1] < '0' || line[1] > '5' || line[2] < '0' || line[2] > '9' {
		return answer{}, fmt.Errorf("%w: begins with %q", errForm, line)
	}
	a := answer{code: int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0'), lines: []string{line[4:]}}
	for more := line[3] == '-'; more; {
		next, err := readStrictLine(r)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return a, err
		}
		switch {
		case strings.HasPrefix(next, " "):
			a.lines = append(a.lines, next[1:])
		case strings.HasPrefix(next, line[:3]+" "):
			a.lines = append(a.lines, next[4:])
			more = false
		default:
			return a, fmt.Errorf("%w: %q inside of a %d", errForm, next, a.code)
		}
	}
	return a, nil
}

func readStrictLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err == io.EOF && line != "" {
		return "", fmt.Errorf("%w: %q without an end", errForm, line)
	}
	if err != nil {
		return "", err
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok || strings.ContainsAny(text, "\r\x00") {
		return "", fmt.Errorf("%w: line %q", errForm, line)
	}
	return text, nil
}

// strictClient speaks command by command and reads with readStrict.
type strictClient struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

// dialStrict connects and takes the greeting.
func dialStrict(t testing.TB, addr string) *strictClient {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute)) // a hang must end the test, not judge it
	c := &strictClient{t: t, conn: conn, r: bufio.NewReader(conn)}
	c.want(c.read(), 220)
	return c
}

func (c *strictClient) read() answer {
	c.t.Helper()
	a, err := readStrict(c.r)
	if err != nil {
		c.t.Fatalf("reading a reply: %v", err)
	}
	return a
}

// do sends a line and gives its reply.
func (c *strictClient) do(line string) answer {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, line+"\r\n"); err != nil {
		c.t.Fatalf("sending %q: %v", line, err)
	}
	return c.read()
}

// must is do for a reply of a certain code.
func (c *strictClient) must(code int, line string) answer {
	c.t.Helper()
	a := c.do(line)
	if a.code != code {
		c.t.Fatalf("%s: got %v, want %d", line, a, code)
	}
	return a
}

func (c *strictClient) want(a answer, code int) {
	c.t.Helper()
	if a.code != code {
		c.t.Fatalf("got %v, want %d", a, code)
	}
}

// secure changes to TLS, on control and data.
func (c *strictClient) secure(srv *ftptest.Server) {
	c.t.Helper()
	c.must(234, "AUTH TLS")
	conn := tls.Client(c.conn, srv.ClientTLS())
	if err := conn.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.conn, c.r = conn, bufio.NewReader(conn)
	c.must(200, "PBSZ 0")
	c.must(200, "PROT P")
}

// clear goes back from TLS, if it is there.
func (c *strictClient) clear() {
	c.t.Helper()
	if conn, ok := c.conn.(*tls.Conn); ok {
		c.conn = unwrap(c.t, conn)
		c.r = bufio.NewReader(c.conn)
	}
}

// unwrap ends TLS on both sides and gives the connection below it, in clear.
func unwrap(t testing.TB, conn *tls.Conn) net.Conn {
	t.Helper()
	if err := conn.CloseWrite(); err != nil {
		t.Fatalf("close_notify: %v", err)
	}
	if left, err := io.ReadAll(conn); err != nil || len(left) > 0 {
		t.Fatalf("until the server's close_notify: %q, %v", left, err)
	}
	raw := conn.NetConn()
	raw.SetDeadline(time.Now().Add(hangLimit)) // CloseWrite has set one
	return raw
}

func (c *strictClient) login() {
	c.t.Helper()
	c.must(331, "USER "+ftptest.User)
	c.must(230, "PASS "+ftptest.Password)
}
