package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// bufferSize is what the client reads and writes at once. Its work takes CPU
// time that the servers lack, so it makes as few system calls as it can.
const bufferSize = 256 << 10

// target is a server to connect to.
type target struct {
	Addr     string
	Password string
	CA       string // file; empty: without TLS
	Timeout  time.Duration
}

// client is one control connection, with a session cache of its own, from which
// its data connections resume (RFC 4217 §10).
type client struct {
	target  target
	raw     net.Conn
	conn    net.Conn // raw, or TLS over it
	reply   *bufio.Reader
	control *tls.Config // nil without TLS
	data    *tls.Config
	host    string
	carrier carrier // of the current data connection
	block   []byte
	resumed int // data connections
	opened  int
	last    tls.ConnectionState // of the last data connection
}

// connect opens a control connection, secures it and logs in.
func connect(t target) (*client, error) {
	raw, err := net.DialTimeout("tcp", t.Addr, t.Timeout)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(t.Addr)
	if err != nil {
		raw.Close()
		return nil, err
	}
	c := &client{target: t, raw: raw, conn: raw, host: host, reply: bufio.NewReader(raw)}
	if err := c.login(); err != nil {
		raw.Close()
		return nil, fmt.Errorf("log in: %w", err)
	}
	return c, nil
}

func (c *client) login() error {
	if err := c.deadline(); err != nil {
		return err
	}
	if _, err := c.answer(220); err != nil {
		return err
	}
	if c.target.CA != "" {
		if err := c.secure(); err != nil {
			return err
		}
	}
	if _, err := c.command("USER "+user, 331); err != nil {
		return err
	}
	if _, err := c.command("PASS "+c.target.Password, 230); err != nil {
		return err
	}
	if c.target.CA != "" {
		if _, err := c.command("PBSZ 0", 200); err != nil {
			return err
		}
		if _, err := c.command("PROT P", 200); err != nil {
			return err
		}
	}
	_, err := c.command("TYPE I", 200)
	return err
}

func (c *client) secure() error {
	pem, err := os.ReadFile(c.target.CA)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c.control = &tls.Config{
		RootCAs:                     roots,
		ServerName:                  certName,
		MinVersion:                  tls.VersionTLS13,
		MaxVersion:                  tls.VersionTLS13,
		NextProtos:                  []string{"ftp"},
		ClientSessionCache:          tls.NewLRUClientSessionCache(1),
		DynamicRecordSizingDisabled: true,
	}
	c.data = c.control.Clone()
	c.data.NextProtos = []string{"ftp-data", "ftp"}
	if _, err := c.command("AUTH TLS", 234); err != nil {
		return err
	}
	secure := tls.Client(c.raw, c.control)
	if err := secure.Handshake(); err != nil {
		return err
	}
	c.conn = secure
	c.reply.Reset(secure)
	return nil
}

// deadline gives the next commands and transfers their time.
func (c *client) deadline() error {
	return c.raw.SetDeadline(time.Now().Add(c.target.Timeout))
}

// command sends a line and expects one of the codes.
func (c *client) command(line string, codes ...int) (string, error) {
	if _, err := io.WriteString(c.conn, line+"\r\n"); err != nil {
		return "", err
	}
	text, err := c.answer(codes...)
	if err != nil {
		verb, _, _ := strings.Cut(line, " ")
		return text, fmt.Errorf("%s: %w", verb, err)
	}
	return text, nil
}

// unexpected is a reply with another code than wanted.
type unexpected struct {
	code int
	text string
}

func (u *unexpected) Error() string { return fmt.Sprintf("unexpected reply %q", u.text) }

// answer reads a reply, of several lines perhaps, and gives its last line.
func (c *client) answer(codes ...int) (string, error) {
	for {
		raw, err := c.reply.ReadSlice('\n')
		if err != nil {
			return "", err
		}
		// RFC 959 §4.2: only the last line has its code followed by a space.
		if len(raw) < 4 || raw[3] != ' ' {
			continue
		}
		code, err := strconv.Atoi(string(raw[:3]))
		if err != nil {
			continue
		}
		text := strings.TrimRight(string(raw), "\r\n")
		for _, want := range codes {
			if code == want {
				return text, nil
			}
		}
		return text, &unexpected{code, text}
	}
}

// open begins a transfer: EPSV, connect, the command, its 150, the handshake.
func (c *client) open(command string) (net.Conn, error) {
	if err := c.deadline(); err != nil {
		return nil, err
	}
	text, err := c.command("EPSV", 229)
	if err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(text, "(|||")
	port, _, found := strings.Cut(rest, "|)")
	if !found {
		return nil, fmt.Errorf("no port in %q", text)
	}
	raw, err := net.DialTimeout("tcp", net.JoinHostPort(c.host, port), c.target.Timeout)
	if err != nil {
		return nil, err
	}
	if err := c.begin(raw, command); err != nil {
		raw.Close()
		return nil, err
	}
	if c.data == nil {
		return raw, nil
	}
	c.carrier.use(raw)
	secure := tls.Client(&c.carrier, c.data)
	if err := secure.Handshake(); err != nil {
		raw.Close()
		return nil, fmt.Errorf("data connection: %w", err)
	}
	c.last = secure.ConnectionState()
	c.opened++
	if c.last.DidResume {
		c.resumed++
	}
	return secure, nil
}

func (c *client) begin(raw net.Conn, command string) error {
	if err := raw.SetDeadline(time.Now().Add(c.target.Timeout)); err != nil {
		return err
	}
	_, err := c.command(command, 150, 125)
	return err
}

// buffer is what transfers are read into.
func (c *client) buffer() []byte {
	if c.block == nil {
		c.block = make([]byte, bufferSize)
	}
	return c.block
}

// fetch receives what the command sends, throws it away, and counts it. each is
// called for every piece.
func (c *client) fetch(command string, each func(piece []byte)) (int64, error) {
	data, err := c.open(command)
	if err != nil {
		return 0, err
	}
	var n int64
	buf := c.buffer()
	for {
		m, err := data.Read(buf)
		if m > 0 {
			n += int64(m)
			each(buf[:m])
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			data.Close()
			return n, fmt.Errorf("data connection: %w", err)
		}
	}
	data.Close() // all is here; whether the server agrees, its reply says
	_, err = c.answer(226)
	return n, err
}

// retrieve downloads a file that has so many bytes.
func (c *client) retrieve(name string, size int64) error {
	n, err := c.fetch("RETR "+name, func([]byte) {})
	if err == nil && n != size {
		err = fmt.Errorf("%s: got %d bytes, want %d", name, n, size)
	}
	return err
}

// store uploads size bytes. It ends as a careful client does: close_notify, FIN,
// then it reads until the server has closed too.
func (c *client) store(name string, size int64) error {
	data, err := c.open("STOR " + name)
	if err != nil {
		return err
	}
	defer data.Close()
	if c.data != nil {
		c.carrier.gather()
	}
	buf := c.buffer()
	for left := size; left > 0; {
		n, err := data.Write(buf[:min(left, int64(len(buf)))])
		if err != nil {
			return fmt.Errorf("data connection: %w", err)
		}
		left -= int64(n)
	}
	if c.data != nil {
		if err := c.carrier.flush(); err != nil {
			return err
		}
		if err := data.(*tls.Conn).CloseWrite(); err != nil {
			return err
		}
		data = c.carrier.Conn
	}
	if err := data.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	// A reset in place of FIN is no loss: the reply says whether all arrived.
	_, _ = io.Copy(io.Discard, data)
	_, err = c.answer(226)
	return err
}

// quit ends the session.
func (c *client) quit() error {
	defer c.raw.Close()
	_, err := c.command("QUIT", 221)
	return err
}
