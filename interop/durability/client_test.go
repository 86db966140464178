//go:build interop && linux

package durability

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience bounds every read and write of the client.
const patience = 90 * time.Second

// client is a small FTPS client, made for this test: it tells "refused" from "no
// answer", which is all that matters here. Its errors mean that the connection is
// gone, and that nobody knows what became of the last command.
type client struct {
	host string
	conn net.Conn
	r    *bufio.Reader
	tls  *tls.Config // nil: no TLS
}

// keeper is a cache of one TLS session, which stays usable after its first use:
// servers want to see the session of the control connection on the data ones.
type keeper struct{ session *tls.ClientSessionState }

func (k *keeper) Get(string) (*tls.ClientSessionState, bool) { return k.session, k.session != nil }
func (k *keeper) Put(_ string, s *tls.ClientSessionState) {
	if s != nil {
		k.session = s
	}
}

// dial logs in by implicit TLS.
func dial(s *server) (*client, error) {
	pem, err := os.ReadFile(s.ca())
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("server.crt holds no certificate")
	}
	config := &tls.Config{RootCAs: pool, ServerName: s.host, ClientSessionCache: new(keeper)}
	raw, err := net.DialTimeout("tcp", s.implicit(), patience)
	if err != nil {
		return nil, err
	}
	return login(&client{host: s.host, conn: tls.Client(raw, config), tls: config}, s.password)
}

// dialPlain logs in without TLS, for a look at the server's system calls.
func dialPlain(s *server) (*client, error) {
	raw, err := net.DialTimeout("tcp", s.explicit(), patience)
	if err != nil {
		return nil, err
	}
	return login(&client{host: s.host, conn: raw}, s.password)
}

func login(c *client, password string) (*client, error) {
	c.r = bufio.NewReader(c.conn)
	if _, err := c.reply(); err != nil {
		c.close()
		return nil, err
	}
	commands := []string{"USER " + user, "PASS " + password, "TYPE I"}
	if c.tls != nil {
		commands = append(commands, "PBSZ 0", "PROT P")
	}
	for _, line := range commands {
		code, err := c.cmd(line)
		if err == nil && code >= 400 {
			err = fmt.Errorf("%.4s was answered with %d", line, code)
		}
		if err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// connect is dial for a test that cannot go on without.
func connect(t *testing.T, s *server) *client {
	t.Helper()
	c, err := dial(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

func (c *client) close() { c.conn.Close() }

// reply reads one reply and returns its code.
func (c *client) reply() (int, error) {
	code, _, err := c.replyText()
	return code, err
}

func (c *client) replyText() (int, string, error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, "", err
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return 0, "", err
		}
		if len(line) < 4 || line[3] != ' ' || line[0] == ' ' {
			continue // a line of a longer reply (RFC 959 §4.2)
		}
		code, err := strconv.Atoi(line[:3])
		if err != nil {
			return 0, "", fmt.Errorf("not a reply: %q", line)
		}
		return code, strings.TrimSpace(line[4:]), nil
	}
}

// send writes one command and does not wait for its reply.
func (c *client) send(line string) error {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := io.WriteString(c.conn, line+"\r\n")
	return err
}

// cmd sends one command and reads its reply.
func (c *client) cmd(line string) (int, error) {
	if err := c.send(line); err != nil {
		return 0, err
	}
	return c.reply()
}

// data is a data connection.
type data struct {
	net.Conn
	tls *tls.Conn
}

// open sends the command of a transfer, with REST before it if offset is not 0,
// and makes its data connection. With a code of 400 or more there is none.
func (c *client) open(line string, offset int) (*data, int, error) {
	if err := c.send("EPSV"); err != nil {
		return nil, 0, err
	}
	code, text, err := c.replyText()
	if err != nil || code != 229 {
		return nil, code, err
	}
	_, port, _ := strings.Cut(text, "(|||")
	port, _, _ = strings.Cut(port, "|")
	if offset > 0 {
		if code, err := c.cmd("REST " + strconv.Itoa(offset)); err != nil || code != 350 {
			return nil, code, err
		}
	}
	raw, err := net.DialTimeout("tcp", net.JoinHostPort(c.host, port), patience)
	if err != nil {
		return nil, 0, err
	}
	code, err = c.cmd(line)
	if err != nil || code >= 400 {
		raw.Close()
		return nil, code, err
	}
	d := &data{Conn: raw}
	if err := raw.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, 0, err
	}
	if c.tls != nil {
		d.tls = tls.Client(raw, c.tls)
		d.Conn = d.tls
	}
	return d, code, nil
}

// finish ends what the client sends: with close_notify under TLS.
func (d *data) finish() error {
	if d.tls != nil {
		return d.tls.CloseWrite()
	}
	return d.Conn.(*net.TCPConn).CloseWrite()
}

// upload sends content by STOR or APPE and returns the code of the last reply.
// Errors of the data connection do not count: the reply tells what came of it.
func (c *client) upload(line string, offset int, content []byte) (int, error) {
	d, code, err := c.open(line, offset)
	if d == nil {
		return code, err
	}
	defer d.Close()
	if _, err := d.Write(content); err == nil {
		_ = d.finish()
	}
	return c.reply()
}

// store is upload of a whole file.
func (c *client) store(name string, content []byte) (int, error) {
	return c.upload("STOR "+name, 0, content)
}

// download fetches what a command sends. With a code of 400 or more there is
// nothing.
func (c *client) download(line string) ([]byte, int, error) {
	d, code, err := c.open(line, 0)
	if d == nil {
		return nil, code, err
	}
	defer d.Close()
	var content bytes.Buffer
	_, readErr := content.ReadFrom(d)
	code, err = c.reply()
	if err == nil && code == 226 && readErr != nil {
		return nil, 0, fmt.Errorf("a reply of 226, and the data connection broke: %w", readErr)
	}
	return content.Bytes(), code, err
}

// size is SIZE; what is not there has none.
func (c *client) size(name string) (int, error) {
	if err := c.send("SIZE " + name); err != nil {
		return 0, err
	}
	code, text, err := c.replyText()
	if err != nil || code != 213 {
		return 0, err
	}
	return strconv.Atoi(text)
}

// breakOff begins an upload and goes away without a word, as a network does: the
// data connection ends without close_notify. It returns when the server has noticed.
func (c *client) breakOff(name string, part []byte) (int, error) {
	d, code, err := c.open("STOR "+name, 0)
	if d == nil {
		return code, err
	}
	if _, err := d.Write(part); err != nil {
		d.Close()
		return c.reply()
	}
	d.tls.NetConn().Close()
	return c.reply()
}

// rename is RNFR and RNTO; the code is that of the first that was refused.
func (c *client) rename(from, to string) (int, error) {
	code, err := c.cmd("RNFR " + from)
	if err != nil || code != 350 {
		return code, err
	}
	return c.cmd("RNTO " + to)
}
