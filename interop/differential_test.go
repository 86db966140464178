//go:build interop && linux

package interop

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// step is a line of testdata/differential.txt. Its name tells it from others of
// its group that read the same.
type step struct{ group, name, line string }

// steps reads the script, whose head says what its lines mean.
func steps(t *testing.T) []step {
	t.Helper()
	text, err := os.ReadFile("testdata/differential.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []step
	group, seen := "", map[string]int{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			group = strings.Trim(line, "[]")
			clear(seen)
		default:
			name := line
			if seen[line]++; seen[line] > 1 {
				name += fmt.Sprintf(" (%d)", seen[line])
			}
			out = append(out, step{group, name, line})
		}
	}
	return out
}

// result is what a server did: by "group" and the step's name what it replied, by
// treeGroup and a path what is there in the end.
type result map[row]string

type row struct{ group, name string }

const (
	treeGroup = "(files)"
	// unique is the group of names that the server invents: only their
	// contents can be compared.
	unique = "unique"
)

// perform plays all steps against a server. A step that meets a session that has
// ended is done again in a new one, so that it is not taken for what ended it.
func perform(t *testing.T, script []step, at listening) result {
	t.Helper()
	p := &player{address: at.address, password: at.password}
	out := result{}
	group := ""
	for _, s := range script {
		if s.group != group {
			group = s.group
			begin(t, p, group)
		}
		got, err := p.play(s.line)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			begin(t, p, group)
			got, err = p.play(s.line)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			got = "silence"
		} else if err != nil {
			got = "closed"
		}
		if err != nil {
			begin(t, p, group)
		}
		out[row{s.group, s.name}] = got
	}
	p.conn.Close()
	plant(t, out, at.tree)
	return out
}

func begin(t *testing.T, p *player, group string) {
	t.Helper()
	if err := p.login(group); err != nil {
		t.Fatalf("the session of %s: %v", group, err)
	}
}

// plant adds the tree.
func plant(t *testing.T, out result, tree string) {
	t.Helper()
	err := filepath.WalkDir(tree, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, tree)
		if name == "/.sealane" { // where uploads that broke off are kept
			return fs.SkipDir
		}
		if e.IsDir() {
			out[row{treeGroup, quotedPath(name + "/")}] = "a folder"
			return nil
		}
		b, err := os.ReadFile(path)
		if filepath.Dir(name) == "/"+unique {
			out[row{treeGroup, fmt.Sprintf("a file in /%s of %q", unique, b)}] = "there"
			return err
		}
		out[row{treeGroup, quotedPath(name)}] = brief(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// quotedPath is a path on one line; one of many equal bytes is told by its length.
func quotedPath(path string) string {
	if len(path) > 100 {
		return fmt.Sprintf("%s... (%d bytes)", path[:20], len(path))
	}
	return strings.Trim(strconv.Quote(path), `"`)
}

// listening is a server that runs.
type listening struct{ address, tree, password string }

// F-16: the same script to other servers: each difference of a reply's first digit
// or of the files that are left is explained in testdata/compat.txt, and each
// explanation there is still true. INTEROP_COMPAT=write writes what was seen there,
// below "why ?" where it is new, and the page that is made of it.
func TestDifferential(t *testing.T) {
	script := steps(t)
	known := readCompat(t)
	all := rivals()
	results := make([]result, len(all)+1)
	t.Run("play", func(t *testing.T) { // returns when all that is parallel has ended
		t.Run("sealane", func(t *testing.T) {
			t.Parallel()
			s := serve(t, "--insecure-plaintext")
			results[len(all)] = perform(t, script, listening{net.JoinHostPort(s.host, strconv.Itoa(s.explicit)), s.dir, s.password})
		})
		for i, r := range all {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				results[i] = perform(t, script, startRival(t, r))
			})
		}
	})
	ours := results[len(all)]
	if ours == nil || t.Failed() {
		t.Fatal("not every server that began got to the end")
	}
	seen := map[row]difference{}
	complete := true
	for i, r := range all {
		if results[i] == nil {
			complete = false // it was skipped
			continue
		}
		compare(seen, r.name, ours, results[i])
	}
	if os.Getenv("INTEROP_COMPAT") == "write" {
		if !complete {
			t.Fatal("all four other servers are needed to write the page: run bench/install.sh bin/bench-servers as root")
		}
		known = known.with(order(script, seen))
		known.write(t)
	}
	for i, r := range all {
		if results[i] != nil {
			for _, wrong := range known.check(r.name, seen) {
				t.Error(wrong)
			}
		}
	}
	if t.Failed() {
		t.Logf("these servers are compared, those of the table are in its head: %s", fetchedVersions())
	}
}

// compare notes in what a server differs from Sealane.
func compare(seen map[row]difference, name string, ours, theirs result) {
	for _, side := range []result{ours, theirs} {
		for at := range side {
			a, b := cmp.Or(ours[at], "nothing"), cmp.Or(theirs[at], "nothing")
			if a == b {
				continue
			}
			d, ok := seen[at]
			if !ok {
				d = difference{row: at, ours: a, theirs: map[string]string{}}
			}
			d.theirs[name] = b
			seen[at] = d
		}
	}
}

// order puts differences in the order of the script, the files behind it by name.
func order(script []step, seen map[row]difference) []difference {
	var out []difference
	for _, s := range script {
		if d, ok := seen[row{s.group, s.name}]; ok {
			out = append(out, d)
		}
	}
	var files []difference
	for at, d := range seen {
		if at.group == treeGroup {
			files = append(files, d)
		}
	}
	slices.SortFunc(files, func(a, b difference) int { return cmp.Compare(a.name, b.name) })
	return append(out, files...)
}
