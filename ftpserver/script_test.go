package ftpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
)

// TestScripts plays the transcripts in testdata/script. Each is a txtar archive:
// its comment holds lines of prose and of configuration ("config: plaintext",
// "implicit", "segment", "ccc", "hosts"), the files below tree/ are the tree ("tree/dir/.keep"
// makes a directory), and "script" is the dialogue, a line each:
//
//	C: text         send text and CRLF; Go escapes such as \x00 are understood
//	S: text         the next line of the server; "..." at its end stands for any rest
//	tls             shake hands on the control connection
//	clear           end TLS there on both sides, and go on in clear
//	sni NAME        the server name of the next handshake; without NAME, none
//	login           220, AUTH TLS, tls, PBSZ, PROT, USER, PASS in one
//	recv "text"     connect to the port of the last 227 or 229 and expect this
//	lines "text"    as recv, but the lines may come in any order
//	send "text"     connect, and send this with a proper end
//	cut "text"      connect, send this, and end without close_notify
//	hold "text"     connect, send this, and wait for the server to end it
//	refused         nobody listens at that port any more
//	file NAME "text"    the tree now has this file with this content
//	nofile NAME         the tree has nothing of this name
//	dir NAME            the tree has this directory
//	remove NAME     take a file out of the tree, unseen by the session
//	closed          the server has closed the control connection
//	redial          close the control connection and make a new one, in clear
//
// recv, lines, send, cut and hold run beside the dialogue and are judged before the next
// file, nofile, data command or the end.
func TestScripts(t *testing.T) { playScripts(t, lineByLine) }

func playScripts(t *testing.T, how delivery) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			playScript(t, name, archive, how)
		})
	}
}

func playScript(t *testing.T, name string, archive *txtar.Archive, how delivery) {
	tree, script := map[string]string{}, ""
	for _, f := range archive.Files {
		switch path, isTree := strings.CutPrefix(f.Name, "tree"); {
		case isTree && strings.HasSuffix(path, "/.keep"):
			tree[strings.TrimSuffix(path, ".keep")] = ""
		case isTree:
			tree[path] = string(f.Data)
		case f.Name == "script":
			script = string(f.Data)
		default:
			t.Fatalf("%s: unknown file %q", name, f.Name)
		}
	}
	implicit := false
	srv := ftptest.NewServer(tree, func(s *ftpserver.Server) {
		for line := range strings.Lines(string(archive.Comment)) {
			value, ok := strings.CutPrefix(strings.TrimSpace(line), "config: ")
			switch {
			case !ok:
			case value == "plaintext":
				s.TLS.InsecurePlaintext = true
			case value == "implicit":
				implicit = true
			case value == "segment":
				if how == byteByByte {
					t.Skip("it is about what stands in one segment")
				}
			case value == "ccc":
				s.Verbs.On = append(s.Verbs.On, "CCC")
			case value == "hosts":
				s.Hosts = []ftpserver.Host{
					{Names: []string{"localhost"}, Greeting: "This is localhost."},
					{Names: []string{"a.example", "WWW.A.example", "xn--bcher-kva.example"}, Greeting: "This is A."},
				}
			default:
				t.Errorf("%s: unknown configuration %q", name, value)
			}
		}
	})
	defer srv.Close()

	p := &player{t: t, srv: srv, at: name, addr: srv.Addr, how: how}
	switch {
	case how == byteByByte:
		p.addr = servePieces(t, srv, implicit)
	case implicit:
		p.addr = srv.ImplicitAddr
	}
	p.dial()
	defer func() { p.conn.Close() }()
	if implicit {
		p.startTLS()
		p.private = true
	}
	lines := strings.Split(script, "\n")
	play := func(i int) {
		p.at = fmt.Sprintf("%s, script line %d", name, i+1)
		p.play(strings.TrimRight(lines[i], " \r"), lines[i])
	}
	if how == ahead {
		p.playAhead(lines, play)
	} else {
		for i := range lines {
			play(i)
		}
	}
	p.settle()
}

// player is a scripted client.
type player struct {
	t       *testing.T
	srv     *ftptest.Server
	at      string
	addr    string // of the server
	how     delivery
	conn    net.Conn
	r       *bufio.Reader
	tls     *tls.Config
	private bool // PROT P
	port    string
	pending chan error // of the data connection that is under way

	transferring bool // for playAhead: 150 was said, and not its end
}

func (p *player) fail(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s: %s", p.at, fmt.Sprintf(format, args...))
}

func (p *player) dial() {
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		p.fail("%v", err)
	}
	conn.SetDeadline(time.Now().Add(time.Minute)) // a hang must end the test, not judge it
	if p.how == byteByByte {
		conn = pieces{conn.(*net.TCPConn)}
	}
	p.conn, p.r = conn, bufio.NewReader(conn)
	p.tls = p.srv.ClientTLS()
	p.tls.ClientSessionCache = tls.NewLRUClientSessionCache(8)
}

func (p *player) play(trimmed, raw string) {
	word, rest, _ := strings.Cut(trimmed, " ")
	switch word {
	case "", "#":
	case "C:":
		_, rest, _ := strings.Cut(raw, " ")
		p.send(rest)
	case "S:":
		p.expect(rest)
	case "tls":
		p.startTLS()
	case "clear":
		p.conn = unwrap(p.t, p.conn.(*tls.Conn))
		p.r = bufio.NewReader(p.conn)
	case "sni":
		p.tls.ServerName, p.tls.InsecureSkipVerify = rest, true
	case "login":
		p.login()
	case "recv", "lines", "send", "cut", "hold":
		p.data(word, p.unquote(rest))
	case "file", "nofile", "dir":
		p.settle()
		p.check(word, rest)
	case "closed":
		if line, err := p.r.ReadString('\n'); err == nil {
			p.fail("still open; server said %q", line)
		}
	case "remove":
		p.remove(rest)
	case "redial":
		p.settle()
		p.conn.Close()
		p.private = false
		p.dial()
	case "refused":
		p.refused()
	default:
		p.fail("unknown word %q", word)
	}
}

func (p *player) unquote(s string) string {
	out, err := strconv.Unquote(s)
	if err != nil {
		p.fail("not a quoted text: %s", s)
	}
	return out
}

func (p *player) send(line string) { p.write(p.command(line) + "\r\n") }

// command makes a line of a script what is to be sent. Go escapes are understood.
func (p *player) command(line string) string {
	if strings.Contains(line, `\`) {
		line = p.unquote(`"` + strings.ReplaceAll(line, `"`, `\"`) + `"`)
	}
	if arg, ok := strings.CutPrefix(strings.ToUpper(line), "PROT "); ok {
		p.private = arg == "P"
	}
	return line
}

func (p *player) write(s string) {
	if _, err := io.WriteString(p.conn, s); err != nil {
		p.fail("sending %q: %v", s, err)
	}
}

var passivePort = regexp.MustCompile(`^(?:229 .*\(\|\|\|(\d+)\|\)|227 .*\(\d+,\d+,\d+,\d+,(\d+),(\d+)\))`)

func (p *player) expect(want string) {
	line, err := p.r.ReadString('\n')
	if err != nil {
		p.fail("want %q, got %v", want, err)
	}
	got, crlf := strings.CutSuffix(line, "\r\n")
	if !crlf {
		p.fail("line does not end with CRLF: %q", line)
	}
	if strings.Contains(want, `\`) {
		want = p.unquote(`"` + strings.ReplaceAll(want, `"`, `\"`) + `"`)
	}
	if start, open := strings.CutSuffix(want, "..."); open && strings.HasPrefix(got, start) || got == want {
		p.notePort(got)
		return
	}
	p.fail("want %q\n got %q", want, got)
}

func (p *player) notePort(line string) {
	m := passivePort.FindStringSubmatch(line)
	switch {
	case m == nil:
	case m[1] != "":
		p.port = m[1]
	default:
		high, _ := strconv.Atoi(m[2])
		low, _ := strconv.Atoi(m[3])
		p.port = strconv.Itoa(high<<8 | low)
	}
}

func (p *player) startTLS() {
	t := tls.Client(p.conn, p.tls)
	if err := t.Handshake(); err != nil {
		p.fail("handshake: %v", err)
	}
	p.conn, p.r = t, bufio.NewReader(t)
}

func (p *player) login() {
	for _, line := range []string{
		"S: 220 ...", "C: AUTH TLS", "S: 234 ...", "tls",
		"C: PBSZ 0", "S: 200 PBSZ=0", "C: PROT P", "S: 200 ...",
		"C: USER " + ftptest.User, "S: 331 ...", "C: PASS " + ftptest.Password, "S: 230 ...",
	} {
		p.play(line, line)
	}
}

func (p *player) check(word, rest string) {
	ctx := context.Background()
	name, text, _ := strings.Cut(rest, " ")
	path, err := vfs.Clean(name)
	if err != nil {
		p.fail("%v", err)
	}
	e, err := p.srv.FS.Stat(ctx, path)
	switch {
	case word == "nofile":
		if err == nil {
			p.fail("%s is there", name)
		}
		return
	case err != nil:
		p.fail("%s: %v", name, err)
	case word == "dir":
		if !e.IsDir() {
			p.fail("%s is no directory", name)
		}
		return
	}
	f, err := p.srv.FS.Open(ctx, path)
	if err != nil {
		p.fail("%s: %v", name, err)
	}
	defer f.Close()
	got, err := io.ReadAll(f)
	if want := p.unquote(text); err != nil || !bytes.Equal(got, []byte(want)) {
		p.fail("%s holds %q, %v; want %q", name, got, err, want)
	}
}

func (p *player) remove(name string) {
	path, err := vfs.Clean(name)
	if err == nil {
		err = p.srv.FS.Remove(context.Background(), path)
	}
	if err != nil {
		p.fail("%v", err)
	}
}
