package ftpserver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
)

// S-70: all verbs that take a path agree on what a spelling means, so no one of
// them can be talked into another file than the rest.
func TestPathSpellings(t *testing.T) {
	deep := strings.Repeat("x/", 2000) + strings.Repeat("../", 2000)
	for spelling, want := range map[string]string{
		"f": "/a/f", "./f": "/a/f", "../f": "/f", "../../f": "/f", "/../f": "/f", "//f": "/f", "../a2/f": "/a2/f", "b/../../a2/../a/f": "/a/f",
		"/a/../../../a/b/./f": "/a/b/f", "b//f": "/a/b/f", "/a/b/f/": "/a/b/f", "f/..": "/a", "..": "/", "/": "/", ".": "/a",
		"absent/../f": "/a/f", deep[:4000] + "f": "", "..\\f": "", "%2e%2e/f": "", "~/f": "", "C:/f": "", "f ": "", " f": "", "f.": "", ".../f": "",
		"a2": "", strings.Repeat("n", 255): "", strings.Repeat("n", 256): "", "\x80/f": "",
	} {
		t.Run(fmt.Sprintf("%.40q", spelling), func(t *testing.T) {
			srv := ftptest.NewServer(map[string]string{"/f": "root", "/a/f": "a", "/a/b/f": "b", "/a2/f": "a2"}, nil)
			t.Cleanup(srv.Close)
			c := dialStrict(t, srv.Addr)
			c.secure(srv)
			c.login()
			c.must(200, "TYPE I")
			c.must(250, "CWD /a")
			trySpelling(c, spelling, want)
		})
	}
}

// trySpelling checks each verb against what is at want; "" means nothing.
func trySpelling(c *strictClient, spelling, want string) {
	c.t.Helper()
	isFile, isDir := strings.HasSuffix(want, "f"), want != "" && !strings.HasSuffix(want, "f")
	facts := c.do("MLST " + spelling)
	if (facts.code == 250) != (want != "") || want != "" && !strings.HasSuffix(facts.lines[1], "; "+want) {
		c.t.Fatalf("MLST: got %v, want %q", facts, want)
	}
	for _, verb := range []struct {
		line string
		ok   bool
		code int
	}{
		{"SIZE ", isFile, 213}, {"MDTM ", isFile, 213}, {"STAT ", isFile || isDir, 0},
		{"MFMT 20200101000000 ", isFile || isDir, 213}, {"RNFR ", want != "" && want != "/", 350},
		{"RETR ", isFile, 150}, {"LIST ", want != "", 150}, {"NLST ", want != "", 150}, {"MLSD ", isDir, 150},
		{"RMD ", false, 0}, {"DELE ", isFile, 250}, {"CWD ", isDir, 250},
	} {
		transfer := verb.code == 150
		if transfer {
			c.must(229, "EPSV")
		}
		a := c.do(verb.line + spelling)
		if ok := a.code < 400; ok != verb.ok || ok && verb.code != 0 && a.code != verb.code {
			c.t.Errorf("%s: got %v, want ok %v", verb.line, a, verb.ok)
		}
		if a.code == 150 {
			c.must(426, "ABOR")
			c.want(c.read(), 226)
		}
	}
	// DELE took the file that was meant, and no other.
	for _, name := range []string{"/f", "/a/f", "/a/b/f", "/a2/f"} {
		code := 250
		if name == want {
			code = 550
		}
		c.must(code, "MLST "+name)
	}
	if a := c.must(257, "PWD"); isDir && !strings.HasPrefix(a.lines[0], `"`+want+`"`) {
		c.t.Errorf("CWD went to %v, want %q", a, want)
	}
}
