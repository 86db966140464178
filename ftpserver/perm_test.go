package ftpserver_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
)

var permFact = regexp.MustCompile(`\n perm=([a-z]*); `)

// each letter of the perm fact is there if and only if the commands work that
// RFC 3659 §7.5.5 has for it, for accounts that may do all, nothing but read, or all
// but one thing.
func TestPermLetters(t *testing.T) {
	t.Parallel()
	views := map[string]func(vfs.FS) vfs.FS{
		"all":       func(tree vfs.FS) vfs.FS { return tree },
		"read only": layer.ReadOnly,
	}
	for name, without := range map[string]layer.Allow{
		"no download": layer.AllowDownload, "no append": layer.AllowAppend, "no delete": layer.AllowDelete, "no rmdir": layer.AllowRmdir,
		"no rename": layer.AllowRename | layer.AllowRenameDir, "no mkdir": layer.AllowMkdir, "no upload": layer.AllowUpload | layer.AllowOverwrite | layer.AllowAppend,
	} {
		views[name] = func(tree vfs.FS) vfs.FS {
			limited, err := layer.Access(tree, layer.Policy{Rules: []layer.Rule{{Allow: layer.AllowAll &^ without}}})
			if err != nil {
				t.Fatal(err)
			}
			return limited
		}
	}
	for name, view := range views {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := ""
			for _, path := range []string{"/f", "/full", "/empty", "/"} {
				for letter, works := range permAttempts(path) {
					tree := memfs.From(map[string]string{"f": "x", "full/x": "y", "full/sub/": "", "empty/": ""})
					srv := ftptest.NewServerFS(view(tree), inClear)
					c := connect(t, srv).loginClear()
					c.do("OPTS MLST perm;", "200")
					m := permFact.FindStringSubmatch(c.do("MLST "+path, "250"))
					if m == nil {
						t.Fatal("no perm fact")
					}
					said, did := strings.Contains(m[1], letter), works(c)
					if said != did {
						t.Errorf("%s: perm=%s; that %s works is %v", path, m[1], letter, did)
					}
					if said {
						told += letter
					}
					c.away()
					srv.Close()
				}
			}
			if name != "all" {
				return
			}
			for _, letter := range "acdeflmprw" {
				if !strings.ContainsRune(told, letter) {
					t.Errorf("no entry had %c", letter)
				}
			}
		})
	}
}

// permAttempts says how to find out whether a letter holds for an entry.
func permAttempts(path string) map[string]func(*rawClient) bool {
	// What is refused for another reason than rights is not a matter of perm.
	does := func(lines ...string) func(*rawClient) bool {
		return func(c *rawClient) bool {
			reply := ""
			for _, line := range lines {
				reply = c.do(line, "")
			}
			return reply[0] == '2' || strings.Contains(reply, "not empty")
		}
	}
	moves := func(line string) func(*rawClient) bool {
		return func(c *rawClient) bool {
			reply, _ := c.dataCommand(line, "z")
			return strings.HasPrefix(reply, "226")
		}
	}
	in := strings.TrimSuffix(path, "/") + "/x"
	remove := "DELE " + path
	if path != "/f" {
		remove = "RMD " + path
	}
	attempts := map[string]func(*rawClient) bool{
		"a": moves("APPE " + path), "r": moves("RETR " + path), "w": moves("STOR " + path),
		"d": does(remove), "f": does("RNFR "+path, "RNTO /other"),
		"e": does("CWD " + path), "l": moves("MLSD " + path),
		"c": moves("STOR " + in + "new"), "m": does("MKD " + in + "dir"),
	}
	if path == "/full" {
		// There are files in it and directories; the letter speaks of both.
		file, dir := does("DELE "+in), does("RMD /full/sub")
		attempts["p"] = func(c *rawClient) bool { return file(c) || dir(c) }
	}
	return attempts
}

// MLSD sends those facts that were asked for, and only those.
func TestMoreFacts(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, map[string]string{"d/f": "x"}, inClear)
	c := connect(t, srv).loginClear()
	stamp := `[0-9]{14}`
	for facts, want := range map[string]string{
		"create;":                  fmt.Sprintf(`^create=%s; f\r\n$`, stamp),
		"CREATE;type;modify;x;":    fmt.Sprintf(`^type=file;modify=%s;create=%s; f\r\n$`, stamp, stamp),
		"":                         `^ f\r\n$`,
		"UNIX.uid;UNIX.group;":     `^ f\r\n$`, // nobody's
		"type;size;modify;perm;":   fmt.Sprintf(`^type=file;size=1;modify=%s;perm=adfrw; f\r\n$`, stamp),
		"unique;UNIX.mode;create;": fmt.Sprintf(`^unique=[0-9a-f]+;UNIX.mode=0644;create=%s; f\r\n$`, stamp),
	} {
		c.do("OPTS MLST "+facts, "200 MLST OPTS")
		if reply, data := c.dataCommand("MLSD d", ""); !strings.HasPrefix(reply, "226") || !regexp.MustCompile(want).MatchString(data) {
			t.Errorf("%s: %q, %q", facts, reply, data)
		}
	}
}
