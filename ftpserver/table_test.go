package ftpserver_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
)

// afterLogin holds, for each verb, the code without an argument and that with the
// argument that begins with "junk", in a session that is logged in and has no data port.
var afterLogin = map[string][2]int{
	"USER": {501, 331}, "PASS": {503, 503}, "QUIT": {221, 501}, "NOOP": {200, 501},
	"AUTH": {501, 504}, "PBSZ": {501, 501}, "PROT": {501, 504},
	"FEAT": {211, 501}, "OPTS": {501, 501}, "HELP": {214, 501}, "SYST": {215, 501}, "STAT": {211, 550},
	"TYPE": {501, 501}, "MODE": {501, 501}, "STRU": {501, 501},
	"PASV": {227, 501}, "EPSV": {229, 501}, "PORT": {501, 502}, "EPRT": {501, 502}, "ABOR": {225, 501}, "REST": {501, 501},
	"RETR": {501, 425}, "STOR": {501, 425}, "APPE": {501, 425},
	"LIST": {425, 425}, "NLST": {425, 425}, "MLSD": {425, 425}, "MLST": {250, 550},
	"CWD": {501, 550}, "CDUP": {250, 501}, "PWD": {257, 501}, "MKD": {501, 257}, "RMD": {501, 550}, "DELE": {501, 550},
	"RNFR": {501, 550}, "RNTO": {501, 503}, "SIZE": {501, 550}, "MDTM": {501, 550}, "MFMT": {501, 501},
	"MFF": {501, 501}, "HASH": {501, 550}, "RANG": {501, 501}, "AVBL": {550, 550},
	"ACCT": {501, 202}, "ALLO": {501, 501}, "STOU": {425, 425}, "LANG": {200, 504}, "CLNT": {501, 200}, "ADAT": {501, 503}, "MIC": {501, 537},
	"COMB": {502, 502}, "CSID": {501, 200}, "MFCT": {501, 501}, "SITE CHGRP": {501, 550}, "SITE UMASK": {200, 501}, "SITE IDLE": {200, 501},
	"SITE": {501, 501}, "SITE HELP": {214, 501}, "SITE CHMOD": {501, 501}, "SITE UTIME": {501, 501}, "SITE MKDIR": {501, 200},
	"SITE COPY": {501, 550}, "SITE CPFR": {501, 550}, "SITE CPTO": {501, 503}, "SITE RMDIR": {502, 502}, "SITE SYMLINK": {502, 502},
	"XCRC": {502, 502}, "XMD5": {502, 502}, "XSHA1": {502, 502}, "XSHA256": {502, 502}, "XSHA512": {502, 502}, "MD5": {502, 502},
	"HOST": {501, 502}, "REIN": {220, 501}, "CCC": {534, 534},
	"SMNT": {502, 502}, "LPRT": {502, 502}, "LPSV": {502, 502}, "SSCN": {502, 502}, "CPSV": {502, 502},
}

// beforeLogin holds those verbs that S-25 lets through before login, with TLS
// there; all others are 530.
var beforeLogin = map[string][2]int{
	"USER": {501, 331}, "PASS": {503, 503}, "QUIT": {221, 501}, "NOOP": {200, 501},
	"AUTH": {501, 504}, "PBSZ": {501, 501}, "PROT": {501, 504},
	"FEAT": {211, 501}, "OPTS": {501, 501}, "HELP": {214, 501}, "SYST": {215, 501},
	"CLNT": {501, 200}, "CSID": {501, 200}, "ADAT": {501, 503}, "MIC": {501, 537},
	"HOST": {501, 502}, "REIN": {220, 501}, "CCC": {534, 534},
}

// beforeTLS is beforeLogin for a session in clear where TLS is demanded; S-08
// takes USER and PASS away.
var beforeTLS = map[string][2]int{
	"QUIT": {221, 501}, "NOOP": {200, 501},
	"AUTH": {501, 504}, "PBSZ": {501, 503}, "PROT": {501, 503},
	"FEAT": {211, 501}, "OPTS": {501, 501}, "HELP": {214, 501}, "SYST": {215, 501},
	"CLNT": {501, 200}, "CSID": {501, 200}, "ADAT": {501, 503}, "MIC": {501, 503},
	"HOST": {501, 502}, "REIN": {220, 501}, "CCC": {533, 533},
}

// stage is a state in which all verbs are tried.
type stage struct {
	name  string
	login bool
	codes map[string][2]int
	enter func(*strictClient, *ftptest.Server)
	look  func(*strictClient) string // what can be seen of the state
}

func stages() []stage {
	seen := func(lines ...string) func(*strictClient) string {
		return func(c *strictClient) string {
			var out strings.Builder
			for _, line := range lines {
				fmt.Fprintln(&out, line, c.do(line))
			}
			return out.String()
		}
	}
	return []stage{
		{"before TLS", false, beforeTLS, func(*strictClient, *ftptest.Server) {}, seen("FEAT")},
		{"before login", false, beforeLogin, (*strictClient).secure, seen("FEAT")},
		{"after login", true, afterLogin, func(c *strictClient, srv *ftptest.Server) {
			c.secure(srv)
			c.login()
			c.must(200, "TYPE I") // nothing is as it was at the start, so that a reset would show
			c.must(200, "OPTS MLST size;")
			c.must(250, "CWD dir")
		}, seen("FEAT", "STAT", "PWD")},
	}
}

// S-25, R-029, R-176, R-177: every verb of the table, with and without an
// argument, in each state, gets the one reply that belongs to it, and one of 5yz
// changes nothing.
//
func TestEveryVerbInEveryState(t *testing.T) {
	srv := ftptest.NewServer(map[string]string{"/dir/f": "f"}, func(s *ftpserver.Server) { s.Limits.BadCommands = 1000 })
	t.Cleanup(srv.Close)
	for _, stage := range stages() {
		for _, info := range ftpserver.Commands() {
			for _, verb := range append([]string{info.Verb}, info.Aliases...) {
				for i, line := range []string{verb, verb + " junk" + verb} {
					codes, ok := stage.codes[info.Verb]
					if !ok && afterLogin[info.Verb] == [2]int{} {
						t.Fatalf("%s is in the table and not in this test", info.Verb)
					}
					if !ok {
						codes = [2]int{530, 530}
					}
					t.Run(stage.name+"/"+line, func(t *testing.T) {
						if !stage.login {
							t.Parallel() // refusals before login are slow on purpose
						}
						tryVerb(t, srv, stage, line, codes[i])
					})
				}
			}
		}
	}
}

func tryVerb(t *testing.T, srv *ftptest.Server, stage stage, line string, want int) {
	c := dialStrict(t, srv.Addr)
	stage.enter(c, srv)
	before, tree := stage.look(c), snapshot(t, srv.FS)

	a := c.do(line)
	if a.code != want {
		t.Fatalf("got %v, want %d", a, want)
	}
	if a.code == 221 {
		if _, err := c.r.ReadByte(); err != io.EOF {
			t.Errorf("behind 221: %v", err)
		}
		return
	}
	if a.code == 220 {
		c.clear()
	}
	// A second reply to the same command would come here.
	c.must(200, "NOOP")
	if !stage.login || a.code == 220 {
		c.must(530, "PWD")
	}
	if a.code < 500 {
		return
	}
	if diff := cmp.Diff(before, stage.look(c)); diff != "" {
		t.Errorf("%v changed the state:\n%s", a, diff)
	}
	if diff := cmp.Diff(tree, snapshot(t, srv.FS)); diff != "" {
		t.Errorf("%v changed the tree:\n%s", a, diff)
	}
}

// snapshot gives all names of a tree with what is known of them.
func snapshot(t testing.TB, fs vfs.FS) []string {
	t.Helper()
	var out []string
	var walk func(p vfs.Path)
	walk = func(p vfs.Path) {
		for e, err := range fs.List(context.Background(), p, vfs.WantAll) {
			if err != nil {
				t.Fatal(err)
			}
			child, err := p.Join(e.Name)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprint(child, e.Kind, e.Size, e.ModTime.UnixNano()))
			if e.IsDir() {
				walk(child)
			}
		}
	}
	walk(vfs.Path{})
	slices.Sort(out)
	return out
}

// S-25, R-177: what is not in the table is 500 after login, and changes nothing;
// that includes the rest of RFC 959, RFC 2228 and what other servers have.
func TestUnknownVerbs(t *testing.T) {
	srv := ftptest.NewServer(nil, nil)
	t.Cleanup(srv.Close)
	known := map[string]bool{}
	for _, info := range ftpserver.Commands() {
		for _, verb := range append([]string{info.Verb}, info.Aliases...) {
			known[verb] = true
		}
	}
	c := dialStrict(t, srv.Addr)
	c.secure(srv)
	c.login()
	c.must(200, "TYPE I")
	before := c.do("STAT").String()
	for _, line := range []string{
		"XYZZY", "XYZZY x", "", " ", "\t", "RETR1 a", "NOOP\t", "CWDD a", "\xc3\xa9", "220 Ready", "SITE EXEC ls",
		"ACCT x", "SMNT x", "REIN", "STOU", "ALLO 1", "CCC", "MIC AAAA", "CONF AAAA", "ENC AAAA", "ADAT AAAA", "LPSV", "LPRT 4,4,127,0,0,1,2,4,1",
		strings.Repeat("A", 8000),
	} {
		verb, _, _ := strings.Cut(line, " ")
		if !known[verb] {
			c.must(500, line)
		}
	}
	if after := c.do("STAT").String(); after != before {
		t.Errorf("state %s, before %s", after, before)
	}
}

// a verb means the same in any case.
func TestVerbsInAnyCase(t *testing.T) {
	srv := ftptest.NewServer(nil, nil)
	t.Cleanup(srv.Close)
	c := dialStrict(t, srv.Addr)
	c.secure(srv)
	c.login()
	for _, info := range ftpserver.Commands() {
		for _, verb := range append([]string{info.Verb}, info.Aliases...) {
			arg := ""
			if verb == "QUIT" || verb == "REIN" {
				arg = " x" // 501
			}
			want := c.do(verb + arg).code
			c.must(225, "ABOR") // so that no data port is left from EPSV
			lower := strings.ToLower(verb)
			for _, form := range []string{lower, verb[:1] + lower[1:], lower[:2] + verb[2:]} {
				if got := c.do(form + arg); got.code != want {
					t.Errorf("%s: got %v, want %d", form, got, want)
				}
				c.must(225, "ABOR")
			}
		}
	}
}

// a refusal leaves the pending data port open, but for those of PASV, EPSV
// and the data commands, behind which a client asks for a new one.
func TestRefusalKeepsDataPort(t *testing.T) {
	srv := ftptest.NewServer(nil, nil)
	t.Cleanup(srv.Close)
	c := dialStrict(t, srv.Addr)
	c.secure(srv)
	c.login()
	gives := []string{"PASV", "EPSV", "RETR", "STOR", "APPE", "LIST", "NLST", "MLSD"}
	for _, info := range ftpserver.Commands() {
		line := info.Verb + " junk"
		if slices.Contains(gives, info.Verb) || afterLogin[info.Verb][1] < 500 {
			continue
		}
		c.must(229, "EPSV")
		if a := c.do(line); a.code < 500 {
			t.Errorf("%s: %v", line, a)
		}
		if a := c.do("LIST"); a.code != 150 {
			t.Errorf("LIST behind %s: %v", line, a)
			continue
		}
		c.must(426, "ABOR")
		c.want(c.read(), 226)
	}
}
