package ftpserver_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
)

// canUse127002 reports whether a second loopback address is there without being
// set up: so on Linux.
func canUse127002() bool {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// all reads what the server says to its end.
func (c *rawClient) all() string {
	c.t.Helper()
	b, err := io.ReadAll(c.r)
	if err, ok := err.(net.Error); ok && err.Timeout() {
		c.fail("not closed; got %q", b)
	}
	return string(b)
}

// S-06: the session ends at the first HTTP verb, before any command in the body
// runs, and nothing of the request comes back (ALPACA). So it does at the third
// unknown command before login.
func TestS06HTTP(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, inClear)
	const marker = "<script>alert(1)</script>"
	body := "USER alice\r\nPASS " + ftptest.Password + "\r\nDELE f\r\nQUIT\r\n"
	for _, verb := range []string{"GET", "POST", "HEAD", "PUT", "OPTIONS", "PRI", "CONNECT", "PATCH", "TRACE", "get"} {
		c := connect(t, srv)
		c.write(verb + " /" + marker + " HTTP/1.1\r\nHost: " + marker + "\r\n\r\n" + body)
		got := c.all()
		if replies := strings.Split(strings.TrimSpace(got), "\r\n"); len(replies) != 2 || !strings.HasPrefix(replies[1], "421") {
			t.Errorf("%s: got %q", verb, got)
		}
		if strings.Contains(got, "script") {
			t.Errorf("%s: input comes back: %q", verb, got)
		}
	}
	for _, junk := range []string{"HELO " + marker, marker, "Host: " + marker} {
		c := connect(t, srv)
		c.write(strings.Repeat(junk+"\r\n", 3) + body)
		got := c.all()
		if !strings.Contains(got, "421") || strings.Contains(got, "331") || strings.Contains(got, "script") {
			t.Errorf("%q: got %q", junk, got)
		}
	}
	wantFile(t, srv.FS, "f", "data")
}

// S-06, S-41: before login no reply repeats what the peer sent.
//
func TestS06NoReplyEchoes(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, nil)
	const marker = "MARKER"
	commands := []string{"USER ", "PASS ", "AUTH ", "PBSZ ", "PROT ", "OPTS ", "OPTS UTF8 ", "OPTS MLST ", "HELP ", "FEAT ",
		"SYST ", "NOOP ", "QUIT ", "STAT ", "CWD ", "RETR ", "TYPE ", "EPSV ", "REST ", "SITE ", ""}
	for _, command := range commands {
		for _, inTLS := range []bool{false, true} {
			c := connect(t, srv)
			if inTLS {
				c.authTLS()
			} else {
				c.expect("220")
			}
			c.write(command + marker + "\r\n")
			if got, _ := c.tryReply(); strings.Contains(got, marker) {
				t.Errorf("%q: %q", command, got)
			}
			c.reset()
		}
	}
}

// S-07: junk before login ends the session: unknown commands at the third, others
// at the tenth.
func TestS07JunkBeforeLogin(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, nil)
	for junk, want := range map[string]int{"XYZZY\r\n": 3, "\r\n": 3, "PWD\r\n": 10, "USER\r\n": 10, "RETR \x00\r\n": 10} {
		c := connect(t, srv)
		c.expect("220")
		c.write(strings.Repeat(junk, 200))
		replies := strings.Split(strings.TrimSpace(c.all()), "\r\n")
		if len(replies) != want || !strings.HasPrefix(replies[len(replies)-1], "421") {
			t.Errorf("%q: %d replies, last %q; want %d, 421", junk, len(replies), replies[len(replies)-1], want)
		}
	}
	c := connect(t, srv).login()
	for range 50 {
		c.do("XYZZY", "500") // after login nobody counts
	}
}
