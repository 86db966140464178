package ftpserver_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// oddNames are names that programs like to change, to cut, or to take for something
// else.
var oddNames = []string{
	" a", "a ", "  ", "a  b", " a\t", "a\tb",
	`say "hi"`, `"`, `""`, `"a`, `a"`, `a" is not the end "b`,
	"a\xffb", "\xff", "\xff\xff", "a\xff", "a\xff\xf4\xff\xf2b", "\xff\xfd\x01", "\xff\xf0", "\xff\xfax",
	"\xe9t\xe9", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xed\xa0\x80\xed\xb0\x80", "\xf5\x80\x80\x80", "\xc3", "\x80",
	"\u00e9", "e\u0301", "\u212a", "k", "K", "\ufeffa", "a\u202eb", "a\u2028b", "a\u0085b", "a\u200db", "\ufffd", "日本", "\U0001f600",
	strings.Repeat("a", 255), strings.Repeat("ä", 127) + "x",
	"-", "--", "-la", "-R", "-- x", "-a b", "#", "#a#", "~", "~root", "!x", "|x", "$HOME", "`x`", ";", "; x", "&",
	"20200101000000", "20200101000000 f", "20200101000000.5 f", "640 f", "f 20200101000000 20200101000000 20200101000000 UTC",
	"type=file;size=1; x", "type=dir; x", " -> x", "x -> y", "total 0", "drwxr-xr-x 1 ftp ftp 0 Jan 1 2020 x",
	"220 x", "250 End", "226-x", "213 9", "DELE f", "421", "211 End of status.",
	`a\b`, `..\..\x`, `\`, "%s%n%00", "%2e%2e", "C:", "C:x", "NUL", "con.txt", "f::$DATA", "PROGRA~1", "...", ".hidden", "a.", ". .",
	"*", "?", "[a]", "[", "a*b", "{a,b}", "*.*",
	"\x1b[31m", "\x1b]0;x\a", "\x7f", "\x80\x9f", "\b\b\b", "\x01", "\v\f", "\x1f",
}

// onWire doubles IAC (RFC 3659 §2.2).
func onWire(name string) string { return strings.ReplaceAll(name, "\xff", "\xff\xff") }

// S-33 to S-36, R-088 to: a name goes through every
// command byte for byte, or is 553 in all of them; the reply is one whole reply, in
// which quotes are doubled; and each listing has the name as the other commands take
// it.
func TestNamesByteForByte(t *testing.T) {
	t.Parallel()
	onDisk, err := osfs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { onDisk.Close() })
	for what, tree := range map[string]vfs.FS{"memfs": memfs.New(), "osfs": onDisk} {
		t.Run(what, func(t *testing.T) {
			srv := ftptest.NewServerFS(tree, inClear)
			t.Cleanup(srv.Close)
			c := connect(t, srv).loginClear()
			for _, name := range oddNames {
				c.roundTrip(name, what == "memfs")
			}
			c.do("NOOP", "200")
		})
	}
}

// roundTrip takes one name through all commands and leaves nothing of it. must says
// that the storage has no reason to refuse it.
func (c *rawClient) roundTrip(name string, must bool) {
	c.t.Helper()
	n := onWire(name)
	quoted := `257 "/` + strings.ReplaceAll(n, `"`, `""`) + `" `
	c.write("MKD " + n + "\r\n")
	switch reply, err := c.tryReply(); {
	case err == nil && !must && strings.HasPrefix(reply, "553"):
		c.refusedName(n, "553")
		return
	case err != nil || !strings.HasPrefix(reply, quoted):
		c.fail("MKD %q: %q, %v", name, reply, err)
	}
	c.do("CWD "+n, "250")
	c.do("PWD", quoted)
	c.wantLine("MLST", " /"+n)
	c.do("CDUP", "250")
	c.wantListed(name)
	c.do("RMD /"+n, "250")

	c.stor(n, "content of "+name)
	c.do("SIZE "+n, fmt.Sprintf("213 %d", len("content of "+name)))
	c.do("MFMT 20010203040506 "+n, "213 Modify=20010203040506; "+n)
	c.do("MDTM "+n, "213 20010203040506")
	c.wantLine("MLST ./"+n, " /"+n)
	c.wantLine("STAT -- "+n, " Feb  3  2001 "+n)
	c.wantListed(name)
	if got, _ := c.list("NLST -- " + n); got != name+"\r\n" {
		c.fail("NLST of %q: %q", name, got)
	}
	if got, _ := c.list("LIST -- " + n); !strings.HasSuffix(got, " 2001 "+name+"\r\n") {
		c.fail("LIST of %q: %q", name, got)
	}
	c.do("RNFR "+n, "350")
	c.do("RNTO plain name", "250")
	c.do("SIZE "+n, "550")
	c.do("RNFR plain name", "350")
	c.do("RNTO "+n, "250")
	if got, _ := c.retr(n); got != "content of "+name {
		c.fail("RETR %q: %q", name, got)
	}
	c.do("DELE "+n, "250")
	c.do("DELE "+n, "550")
}

// wantLine checks that a line of a reply ends so.
func (c *rawClient) wantLine(command, end string) {
	c.t.Helper()
	reply := c.do(command, "2")
	if !strings.Contains(reply+"\n", end+"\n") {
		c.fail("%q: %q has no line that ends with %q", command, reply, end)
	}
}

// wantListed checks that a name is the only one in the directory, in each listing.
func (c *rawClient) wantListed(name string) {
	c.t.Helper()
	for _, command := range []string{"MLSD", "LIST", "NLST"} {
		got, _ := c.list(command)
		line, ok := strings.CutSuffix(got, "\r\n")
		switch command {
		case "MLSD":
			_, line, _ = strings.Cut(line, "; ")
		case "LIST":
			line = line[min(len(line), len("-rw-r--r-- 1 ftp      ftp      123456789012 Jan 12 12:34 ")):]
		}
		if !ok || line != name {
			c.fail("%s has %q as %q in %q", command, name, line, got)
		}
	}
}

// refusedName checks that no command takes a name.
func (c *rawClient) refusedName(n, code string) {
	c.t.Helper()
	c.stor("plain", "x")
	for _, verb := range []string{
		"MKD", "XMKD", "CWD", "XCWD", "RMD", "XRMD", "RNFR", "SIZE", "DELE", "MLST", "STAT", "MDTM", "MFMT 20010203040506", "MFF Modify=20010203040506;", "SITE CHMOD 600", "HASH",
	} {
		c.write(verb + " " + n + "\r\n")
		if reply, err := c.tryReply(); err != nil || !strings.HasPrefix(reply, code) && !(code == "553" && strings.HasPrefix(reply, "550")) {
			c.fail("%s %.40q: %q, %v", verb, n, reply, err)
		}
	}
	for _, verb := range []string{"STOR", "APPE", "RETR", "LIST", "NLST", "MLSD"} {
		if reply, _ := c.dataCommand(verb+" "+n, "x"); !strings.HasPrefix(reply, code) && !(code == "553" && strings.HasPrefix(reply, "550")) {
			c.fail("%s %.40q: %q", verb, n, reply)
		}
	}
	c.do("RNFR plain", "350")
	c.do("RNTO "+n, code)
	c.do("DELE plain", "250")
}

// S-33, R-090: NUL and CR are 501 wherever a name may stand, CR NUL for CR too; a name
// or a path over the limit is 553. None becomes another name.
func TestNamesRefused(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, inClear)
	c := connect(t, srv).loginClear()
	for _, n := range []string{"a\x00b", "\x00", "a\rb", "a\r\x00b", "\ra", "a\r\r"} {
		c.refusedName(n, "501")
	}
	for _, n := range []string{strings.Repeat("a", 256), strings.Repeat("ä", 128), strings.Repeat("\xff\xff", 256), strings.Repeat("a/", 2100) + "a"} {
		c.refusedName(n, "553")
	}
	if got, _ := c.list("NLST"); got != "" {
		t.Errorf("they left %q", got)
	}
}

// all the names beside each other; what MLSD lists is what there is.
func TestNamesTogether(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i, name := range oddNames {
		files["/"+name] = fmt.Sprint(i)
	}
	srv := serveTree(t, files, nil)
	c := connect(t, srv).login()
	addr := c.epsv()
	c.do("MLSD", "150")
	data, _ := c.secureData(addr)
	listing, err := io.ReadAll(data)
	if err != nil {
		t.Fatal(err)
	}
	c.expect("226")
	seen := 0
	for line := range strings.SplitAfterSeq(string(listing), "\r\n") {
		if line == "" {
			continue
		}
		_, name, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), "; ")
		want, ok := files["/"+name]
		if !ok {
			t.Fatalf("MLSD has %q, which is not there, in %q", name, line)
		}
		if got, _ := c.retr(onWire(name)); got != want {
			t.Errorf("RETR %q: %q, want %q", name, got, want)
		}
		seen++
	}
	if seen != len(files) {
		t.Errorf("MLSD has %d of %d names", seen, len(files))
	}
}

// FuzzName (S-33, S-36): whatever the bytes of a name, it comes back as they are or is
// refused, and each command gets its one reply.
// F-15.
func FuzzName(f *testing.F) {
	for _, name := range oddNames {
		f.Add([]byte(name))
	}
	srv := ftptest.NewServer(nil, inClear)
	f.Cleanup(srv.Close)
	f.Fuzz(func(t *testing.T, b []byte) {
		name := string(b)
		if strings.ContainsAny(name, "/\n") || len(name) > 300 {
			return
		}
		c := connect(t, srv).loginClear()
		n := onWire(name)
		c.write("MKD " + n + "\r\n")
		reply, err := c.tryReply()
		switch {
		case err != nil:
			t.Fatal(err)
		case strings.ContainsAny(name, "\x00\r"), name == "":
			if !strings.HasPrefix(reply, "501") {
				t.Fatalf("%q: %q", name, reply)
			}
		case strings.HasPrefix(reply, "55"):
			if len(name) <= vfs.MaxName && name != "." && name != ".." {
				t.Fatalf("%q: %q", name, reply)
			}
		case reply != `257 "/`+strings.ReplaceAll(n, `"`, `""`)+`" created.`:
			t.Fatalf("%q: %q", name, reply)
		default:
			c.do("CWD "+n, "250")
			c.wantLine("MLST", " /"+n)
			c.do("CWD /", "250")
			c.do("RNFR "+n, "350")
			c.do("RNTO plain name", "250")
			c.do("RNFR plain name", "350")
			c.do("RNTO "+n, "250")
			c.do("RMD "+n, "250")
		}
		c.do("NOOP", "200")
		c.away()
	})
}
