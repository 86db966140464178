package ftpserver_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// S-30, S-31: a line over the limit gets one 500 and the end of the session; what
// the rest of it holds never runs (CVE-2008-4242).
func TestS30S31LongLine(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, inClear)
	for name, tail := range map[string]string{
		"no end":         strings.Repeat("A", 1<<20),
		"command in it":  strings.Repeat("DELE f ", 2000) + "\r\nDELE f\r\nDELE f\r\n",
		"padded":         strings.Repeat("A", 8192) + strings.Repeat(" ", 256) + "DELE f\r\nDELE f\r\n",
		"IAC":            strings.Repeat("\xff\xff", 1<<16),
		"options":        strings.Repeat("\xff\xfd\x01", 1<<16),
		"subnegotiation": "\xff\xfa" + strings.Repeat("x", 1<<16),
	} {
		for _, loggedIn := range []bool{false, true} {
			c := connect(t, srv)
			if loggedIn {
				c.loginClear()
			} else {
				c.expect("220")
			}
			go io.WriteString(c.tcp, "CWD "+tail) // the server stops reading at some time
			c.expect("500")
			c.expectClosed()
			c.tcp.Close()
			if t.Failed() {
				t.Fatalf("%s, logged in %v", name, loggedIn)
			}
		}
	}
	wantFile(t, srv.FS, "f", "data")
}

// S-32: LF ends a line, with or without CR before it, for all commands; a CR or a
// NUL elsewhere is 501; how the bytes are cut into segments does not matter; and
// commands that are sent ahead are answered in order.
func TestS32LineEndsAndPipelining(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, inClear)
	c := connect(t, srv).loginClear()
	for line, want := range map[string]string{
		"NOOP\n": "200", "PWD\r\n": "257", "MLST f\n": "250", "MLST f\r\r\n": "501", "NO\rOP\r\n": "500", "CWD a\rDELE f\r\n": "501",
		"MLST f\x00\r\n": "501", "MLST f\r\x00\r\n": "501", "\n": "500", "\r\n": "500", " NOOP\r\n": "500",
	} {
		c.write(line)
		c.expect(want)
	}
	for _, b := range []byte("PWD\r\nNOOP\r\n") {
		c.write(string(b))
	}
	c.expect("257")
	c.expect("200")
	var batch, want strings.Builder
	for i := range 100 {
		fmt.Fprintf(&batch, "REST %d\r\n", i)
		fmt.Fprintf(&want, "350 Restarting at %d.\n", i)
	}
	c.write(batch.String())
	var got strings.Builder
	for range 100 {
		got.WriteString(c.expect("350") + "\n")
	}
	if got.String() != want.String() {
		t.Errorf("out of order: %q", got.String())
	}
	wantFile(t, srv.FS, "f", "data")
}

// S-32: a login or a data port takes its time; commands sent ahead still get
// their replies behind that of the slow one, NOOP and STAT too.
func TestS32OrderBehindSlowCommands(t *testing.T) {
	srv := serveTree(t, nil, inClear)
	for range 20 {
		c := connect(t, srv)
		c.expect("220")
		c.write("USER " + ftptest.User + "\r\nPASS " + ftptest.Password + "\r\nNOOP\r\nSTAT\r\nEPSV\r\nNOOP\r\nSTAT\r\nPASV\r\nNOOP\r\n")
		for _, want := range []string{"331", "230", "200", "211", "229", "200", "211", "227", "200"} {
			c.expect(want)
		}
		c.reset()
	}
}

// S-33: whatever bytes a name has, every reply is whole lines of digits, a space
// or a hyphen, and text; CR, LF and NUL never get into one (forged replies).
func TestS33RepliesCannotBeForged(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, inClear)
	c := connect(t, srv).loginClear()
	names := []string{"x\r230 forged", "x\x00y", "\x1b]52;c;x\x07", "\x7f", "\x80\x9f", "%s%n%d", "a\xff\xffb", "230 forged", "\u2028x", "-x", " x ", "\\", "\"\""}
	random := rand.New(rand.NewPCG(1, 2)) // the same names each time
	for range 200 {
		b := make([]byte, 1+random.IntN(40))
		for i := range b {
			if b[i] = byte(random.Uint32()); b[i] == '\n' {
				b[i] = '\r'
			}
		}
		names = append(names, strings.ReplaceAll(string(b), "\xff", "\xff\xff"))
	}
	for _, name := range names {
		for _, verb := range []string{"MKD", "CWD", "PWD", "CWD /", "MLST", "STAT", "RNFR", "MFMT 20200101000000", "RMD", "TYPE", "OPTS", "HELP", "SITE", ""} {
			command := strings.TrimLeft(verb+" "+name, " ")
			if verb == "PWD" || verb == "CWD /" {
				command = verb
			}
			if v, _, _ := strings.Cut(command, " "); strings.EqualFold(v, "QUIT") {
				continue
			}
			c.write(command + "\r\n")
			reply, err := c.tryReply() // which checks the form of all its lines
			if err != nil {
				t.Fatalf("%q: %v", command, err)
			}
			if strings.ContainsAny(name, "\r\x00") && verb != "" && verb != "PWD" && verb != "CWD /" && verb != "SITE" && !strings.HasPrefix(reply, "501") {
				t.Errorf("%q: want 501, got %q", command, reply)
			}
		}
		c.do("NOOP", "200")
	}
}

// S-34: IAC is doubled on the wire and single in the name; options are refused
// in clear, without growth, and never stand in the way of a command.
func TestS34Telnet(t *testing.T) {
	srv := serveTree(t, nil, inClear)
	c := connect(t, srv).loginClear()
	reply := c.do("MKD a\xff\xffb", "257")
	if want := "257 \"/a\xff\xffb\" created."; reply != want {
		t.Errorf("got %q, want %q", reply, want)
	}
	listing := c.do("MLST a\xff\xffb", "250")
	if !strings.Contains(listing, " /a\xff\xffb\n") {
		t.Errorf("MLST: %q", listing)
	}
	c.do("RMD a\xff\xffb", "250")

	c.write("\xff\xfd\x01\xff\xfb\x03NO\xff\xfe\x05OP\xff\xfa\x18\x01\xff\xf0\r\n")
	want := "\xff\xfc\x01\xff\xfe\x03200 "
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c.r, got); err != nil || string(got) != want {
		t.Fatalf("options: got %q, %v; want %q", got, err, want)
	}
	c.r.ReadString('\n')

	for range 20 { // 2,000 options a line: 48 bytes of answer at most
		c.write(strings.Repeat("\xff\xfd\x01", 2000) + "NOOP\r\n")
		line, err := c.r.ReadString('\n')
		if err != nil || len(line) > 48+len("200 OK.\r\n") || !strings.HasSuffix(line, "200 OK.\r\n") {
			t.Fatalf("flood: got %q, %v", line, err)
		}
	}
	c.write("MLST \xff\r\n") // half a sequence at the end of a line hides no line end
	c.expect("550")
	c.do("NOOP", "200")
}

// S-34: in TLS options are dropped in silence.
func TestS34TelnetInTLS(t *testing.T) {
	srv := serveTree(t, nil, nil)
	c := connect(t, srv).login()
	c.write("\xff\xfd\x01\xff\xfb\x03NOOP\r\n")
	c.expect("200")
}

// S-35: quotes in the paths of 257 are doubled.
func TestS35Quotes(t *testing.T) {
	srv := serveTree(t, nil, inClear)
	c := connect(t, srv).loginClear()
	const want = `257 "/say ""hi""" `
	if got := c.do(`MKD say "hi"`, "257"); !strings.HasPrefix(got, want) {
		t.Errorf("MKD: %q", got)
	}
	c.do(`CWD say "hi"`, "250")
	if got := c.do("PWD", "257"); !strings.HasPrefix(got, want) {
		t.Errorf("PWD: %q", got)
	}
}

// S-36: a name that is no good UTF-8 comes back byte for byte, or is 553; it is
// never changed, and what MLSD lists can be used.
func TestS36OddUTF8(t *testing.T) {
	srv := serveTree(t, nil, inClear)
	c := connect(t, srv).loginClear()
	for _, name := range []string{"\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "e\u0301", "\u00e9", "\xe9", "\ufeffbom", "a\u202eb"} {
		c.write("MKD " + name + "\r\n")
		reply, err := c.tryReply()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(reply, "553") && !utf8.ValidString(name) {
			continue
		}
		if !strings.HasPrefix(reply, `257 "/`+name+`"`) {
			t.Errorf("MKD %q: %q", name, reply)
		}
		listing, _ := c.list("MLSD")
		if !strings.Contains(listing, "; "+name+"\r\n") {
			t.Errorf("%q is not in %q", name, listing)
		}
		c.do("CWD "+name, "250")
		c.do("CDUP", "250")
		c.do("RMD "+name, "250")
	}
}

// list fetches a listing in clear.
func (c *rawClient) list(command string) (listing, reply string) {
	c.t.Helper()
	addr := c.epsv()
	c.do(command, "150")
	conn := c.dialData(addr)
	defer conn.Close()
	b, err := io.ReadAll(conn)
	if err != nil {
		c.fail("%s: %v", command, err)
	}
	return string(b), c.expect("226")
}

// S-38: a client that sends commands and never reads the replies makes the
// server stop reading, and is closed when a reply cannot be sent any more.
func TestS38ClientNeverReads(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		inClear(s)
		s.Limits.Write, s.Limits.Linger = 500*time.Millisecond, 100*time.Millisecond
	})
	c := connect(t, srv).loginClear()
	c.tcp.SetReadBuffer(4096)
	flood := strings.Repeat("NOOP\r\n", 1000)
	sent := 0
	for range 100_000 {
		n, err := io.WriteString(c.tcp, flood)
		sent += n
		if err != nil {
			if strings.Contains(err.Error(), "timeout") {
				t.Fatalf("neither read nor closed after %d bytes", sent)
			}
			return // closed
		}
	}
	t.Errorf("%d bytes of commands were read though no reply was", sent)
}
