//go:build interop && linux

package durability

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ordered checks one upload: write < fsync of the file < link or rename to its
// name < fsync of the directory < 226, each ended before the next begins.
func ordered(t *testing.T, part []event, dir, target string) {
	t.Helper()
	reply := part[len(part)-1]
	named := slices.IndexFunc(part, func(e event) bool {
		return e.names([]string{"link", "linkat", "rename", "renameat", "renameat2"}, target)
	})
	wrote := -1
	for i, e := range part {
		if e.writesBelow(dir) != "" {
			wrote = i
		}
	}
	if named < 0 || wrote < 0 {
		t.Errorf("no write below the folder, or no link or rename to %s:%s", target, show(part))
		return
	}
	file := part[wrote].writesBelow(dir)
	synced := slices.IndexFunc(part, func(e event) bool {
		return e.syncs(file) && e.begin > part[wrote].end && e.end < part[named].begin
	})
	settled := slices.IndexFunc(part, func(e event) bool {
		return e.syncs(filepath.Dir(target)) && e.begin > part[named].end && e.end < reply.begin
	})
	if synced < 0 {
		t.Errorf("the file was not synced between its last byte and its name:%s", show(part))
	}
	if settled < 0 {
		t.Errorf("the folder was not synced between the name and the reply:%s", show(part))
	}
	for _, e := range part {
		if e.failed && (e.name == "fsync" || e.name == "fdatasync") {
			t.Errorf("a sync failed: %v", e)
		}
	}
}

func show(part []event) string {
	var b strings.Builder
	for _, e := range part {
		fmt.Fprintf(&b, "\n%v", e)
	}
	return b.String()
}

// uploadKinds are the commands of the traces and what they are sent with.
func uploadKinds(t *testing.T, c *client) []string {
	t.Helper()
	content := body("a", 1, 300*kib)
	var targets []string
	for _, u := range []struct {
		line   string
		offset int
	}{
		{"STOR new", 0}, {"STOR new", 0}, {"APPE new", 0}, {"STOR new", 100 * kib}, {"APPE other", 0}, {"STOR sub/new", 0}, {"STOR sub/new", 0},
	} {
		code, err := c.upload(u.line, u.offset, content[u.offset:])
		if err != nil || code != 226 {
			t.Fatalf("%s from %d: %d, %v", u.line, u.offset, code, err)
		}
		targets = append(targets, u.line[len("STOR "):])
	}
	return targets
}

// TestOrder: the system calls of an upload come in the order that makes its 226
// true: for new files, replaced ones, APPE, and STOR behind REST (D-03); and a
// changed name is synced before its reply (D-07).
func TestOrder(t *testing.T) {
	inOrder(t, resolved(t))
}

// inOrder runs TestOrder in a folder that has another one, "sub", in it.
func inOrder(t *testing.T, dir string) {
	s, file := straced(t, dir)
	c := connectPlain(t, s)
	targets := uploadKinds(t, c)
	var changes []change
	for _, ch := range []change{
		{"MKD made", 257, []string{"mkdir", "mkdirat"}, []string{"made"}},
		{"DELE other", 250, []string{"unlink", "unlinkat"}, []string{"other"}},
		{"RNTO moved", 250, []string{"rename", "renameat", "renameat2"}, []string{"moved", "new"}},
		{"RNTO sub/moved", 250, []string{"rename", "renameat", "renameat2"}, []string{"sub/moved", "moved"}},
		{"RMD made", 250, []string{"unlinkat", "rmdir"}, []string{"made"}},
	} {
		if strings.HasPrefix(ch.line, "RNTO") {
			if code, err := c.cmd("RNFR " + ch.paths[1]); err != nil || code != 350 {
				t.Fatalf("RNFR %s: %d, %v", ch.paths[1], code, err)
			}
		}
		if code, err := c.cmd(ch.line); err != nil || code != ch.code {
			t.Fatalf("%s: %d, %v", ch.line, code, err)
		}
		changes = append(changes, ch)
	}
	s.stop(t)
	events := readTrace(t, file)
	parts := until(events, "226")
	if len(parts) != len(targets) {
		t.Fatalf("the trace has %d replies of 226, want %d", len(parts), len(targets))
	}
	for i, target := range targets {
		ordered(t, parts[i], dir, filepath.Join(dir, target))
	}
	for _, ch := range changes {
		ch.check(t, events, dir)
	}
	t.Logf("D-03, D-07: %d uploads and %d changes of names in order, of %d system calls", len(targets), len(changes), len(events))
}

// change is a command that changes names.
type change struct {
	line  string
	code  int
	calls []string
	paths []string // the last that the call names first; the folders of all are synced
}

func (ch change) check(t *testing.T, events []event, dir string) {
	t.Helper()
	at := slices.IndexFunc(events, func(e event) bool { return e.names(ch.calls, filepath.Join(dir, ch.paths[0])) })
	if at < 0 {
		t.Errorf("%s: no system call does it", ch.line)
		return
	}
	part := until(events[at:], fmt.Sprint(ch.code))
	if len(part) == 0 {
		t.Errorf("%s: no reply of %d", ch.line, ch.code)
		return
	}
	reply := part[0][len(part[0])-1]
	for _, path := range ch.paths {
		parent := filepath.Dir(filepath.Join(dir, path))
		if !slices.ContainsFunc(part[0], func(e event) bool {
			return e.syncs(parent) && e.begin > events[at].end && e.end < reply.begin
		}) {
			t.Errorf("%s: %s is not synced before the reply:%s", ch.line, parent, show(part[0]))
		}
	}
}

// TestOrderProcess: at the level "process" nothing that clients store is synced, not even
// once: who asks for speed gets it (D-03). What the server keeps for itself may be.
func TestOrderProcess(t *testing.T) {
	if !offers(t, "serve", "--durability") {
		t.Skip("this program has one level of durability only")
	}
	dir := resolved(t)
	s, file := straced(t, dir, "--durability", "process")
	targets := uploadKinds(t, connectPlain(t, s))
	s.stop(t)
	syncs := 0
	parts := until(readTrace(t, file), "230") // what comes before the login is the server's own
	if len(parts) != 1 {
		t.Fatalf("the trace has %d logins", len(parts))
	}
	all := readTrace(t, file)
	for _, e := range all[len(parts[0]):] {
		below := func(path string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
		if strings.Contains(e.name, "sync") && (len(e.paths()) == 0 || slices.ContainsFunc(e.paths(), below)) {
			syncs++
			t.Errorf("%v", e)
		}
	}
	t.Logf("D-03: %d uploads at the level process, %d syncs", len(targets), syncs)
}

// resolved is a folder to serve, with sub in it, by the name that the kernel has
// for it.
func resolved(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func connectPlain(t *testing.T, s *server) *client {
	t.Helper()
	c, err := dialPlain(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}
