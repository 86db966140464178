package ftpserver_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// countingFS counts how often directories are read, and entries taken from them.
type countingFS struct {
	vfs.FS
	lists, entries atomic.Int64
}

func (c *countingFS) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	c.lists.Add(1)
	return func(yield func(vfs.Entry, error) bool) {
		for e, err := range c.FS.List(ctx, p, want) {
			c.entries.Add(1)
			if !yield(e, err) {
				return
			}
		}
	}
}

// S-80, S-81, V-33, V-37, V-43, V-45, V-49: whatever the pattern and the options, a
// command reads one directory, once (NLST may look for the first match before), and
// the session goes on. What a match costs is counted in internal/glob.
func TestS80S81ListBombs(t *testing.T) {
	t.Parallel()
	files := map[string]string{"/a/" + strings.Repeat("b/", 200) + "c": "deep"}
	for i := range 50 {
		files[fmt.Sprintf("/%s%d", strings.Repeat("a", 250), i)] = ""
	}
	tree := &countingFS{FS: memfs.From(files)}
	srv := ftptest.NewServerFS(tree, inClear)
	t.Cleanup(srv.Close)
	c := connect(t, srv).loginClear()
	all := len(files) // the files of the root, and a
	for _, arg := range []string{
		"*/../*/../*/../*/../*", "a/../" + strings.Repeat("*/../", 500) + "*", strings.Repeat("{a,b}", 30), "[", strings.Repeat("[", 255), strings.Repeat("*", 255), strings.Repeat("*", 256), strings.Repeat("*", 4000),
		strings.Repeat("*a", 127) + "b", strings.Repeat("a*", 127) + "b", strings.Repeat("*?", 127), strings.Repeat("[a-z]*", 42) + "!", "*" + strings.Repeat("/*", 1000), "~*", "$(*)", "`*`", "%n%s*", "*\\",
		"-" + strings.Repeat("R", 8000), strings.Repeat("-R ", 2500), strings.Repeat("-l ", 2500), "-" + strings.Repeat("t", 8000), "-w4294967296", "-I* -w 99999999999999999999", "--width=2147483647", "-R /", "-lR *",
	} {
		for _, verb := range []string{"LIST", "NLST", "MLSD", "STAT", "DELE", "MLST", "RMD", "SIZE"} {
			lists, entries := tree.lists.Load(), tree.entries.Load()
			command := verb + " " + arg
			var reply string
			switch verb {
			case "LIST", "NLST", "MLSD":
				reply, _ = c.dataCommand(command, "")
			default:
				c.write(command + "\r\n")
				reply, _ = c.tryReply()
			}
			if len(reply) < 3 || !strings.Contains("212 213 226 501 504 550 553", reply[:3]) {
				t.Errorf("%.60q: %.100q", command, reply)
			}
			lists, entries = tree.lists.Load()-lists, tree.entries.Load()-entries
			if atMost := int64(2); lists > atMost || entries > atMost*int64(all) {
				t.Errorf("%.60q: %d directories and %d entries were read", command, lists, entries)
			}
		}
	}
	c.do("NOOP", "200")
}
