package ftpserver_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// combServer serves a tree with COMB on, and gives a session of it.
func combServer(t *testing.T, tree vfs.FS) *strictClient {
	t.Helper()
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) { s.Verbs.On = []string{"COMB"} })
	t.Cleanup(srv.Close)
	c := dialStrict(t, srv.Addr)
	c.must(530, "COMB f p1")
	c.secure(srv)
	c.login()
	return c
}

func wantTree(t *testing.T, tree vfs.FS, want map[string]string) {
	t.Helper()
	got, err := vfstest.Tree(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

// S-40, R-177: COMB puts parts together in their order, and removes them. What it
// refuses changes nothing: no part counts twice, by whatever name.
func TestComb(t *testing.T) {
	t.Parallel()
	files := map[string]string{"d/": "", "d/a b": "1", `p"2`: "22", "p3": "", "p4": "4444", "old": "old"}
	tree := memfs.From(files)
	c := combServer(t, tree)
	if !strings.Contains(strings.Join(c.must(211, "FEAT").lines, "\n"), "COMB target;source_list") {
		t.Error("FEAT does not speak of COMB")
	}
	many := strings.Repeat(" p4", 257)
	for line, code := range map[string]int{
		"COMB": 501, "COMB old": 501, `COMB "old" "p4`: 501, "COMB old  p4": 501, "COMB old" + many: 501,
		"COMB new p4 p4": 501, "COMB new p4 d/../p4": 501, "COMB old old": 501, "COMB p4 p3 /p4": 501,
		"COMB new p4 absent": 550, "COMB new p4 d": 550, "COMB d p4": 550, "COMB absent/new p4": 550, "COMB / p4": 550,
		"COMB new ../../../absent": 550,
	} {
		if a := c.do(line); a.code != code {
			t.Errorf("%.40s: %v, want %d", line, a, code)
		}
	}
	wantTree(t, tree, files)
	if a := c.must(250, `comb "d/new one" "d/a b" "p""2" p3`); a.lines[0] != "Combined." {
		t.Errorf("COMB: %v", a)
	}
	wantTree(t, tree, map[string]string{"d/": "", "d/new one": "122", "p4": "4444", "old": "old"})
	c.must(250, `COMB "old" "p4"`)
	wantTree(t, tree, map[string]string{"d/": "", "d/new one": "122", "old": "old4444"})
}

// S-78, S-40: parts that do not fit a second time are not combined; nothing of them is
// lost, and nothing half is seen.
func TestCombBounds(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a": strings.Repeat("a", 400), "b": strings.Repeat("b", 400)}
	limited := memfs.New(memfs.Limit(1000))
	if err := vfstest.Fill(t.Context(), limited, files); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		tree vfs.FS
		code int
	}{
		"disk":          {limited, 452},
		"quota":         {layer.Quota(memfs.From(files), layer.NewBudget(layer.NewCounter(layer.Usage{Bytes: 800, Files: 2}), layer.Usage{Bytes: 1000}), ""), 452},
		"read only":     {layer.ReadOnly(memfs.From(files)), 550},
		"no space told": {noSpace{layer.Quota(memfs.From(files), layer.NewBudget(layer.NewCounter(layer.Usage{Bytes: 800, Files: 2}), layer.Usage{Bytes: 1000}), "")}, 552},
	} {
		t.Run(name, func(t *testing.T) {
			c := combServer(t, test.tree)
			c.want(c.do("COMB new a b"), test.code)
			c.want(c.do("COMB a b"), test.code)
			wantTree(t, test.tree, files)
		})
	}
}

// noSpace is a storage that does not know how much fits.
type noSpace struct{ vfs.FS }

func (noSpace) Space(context.Context, vfs.Path) (vfs.Space, error) {
	return vfs.Space{}, errors.New("not known")
}

// S-78: what COMB has done is counted as it lies there; the parts are no longer.
func TestCombQuota(t *testing.T) {
	t.Parallel()
	tree := memfs.From(map[string]string{"a": "1234", "b": "56"})
	start, err := layer.Count(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	counter := layer.NewCounter(start)
	c := combServer(t, layer.Quota(tree, layer.NewBudget(counter, layer.Usage{Bytes: 12}), ""))
	c.must(250, "COMB new a b")
	want, err := layer.Count(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, counter.Usage()); diff != "" || want.Bytes != 6 {
		t.Errorf("counted (-there +counted):\n%s", diff)
	}
}

// slowOpen is a tree in which to open a file lasts until the context ends.
type slowOpen struct {
	vfs.FS
	begun chan struct{}
}

func (s slowOpen) Open(ctx context.Context, _ vfs.Path) (vfs.File, error) {
	s.begun <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

// S-40: COMB ends at ABOR and with its session, leaves all as it was, and an account has
// two at a time.
func TestCombIsBounded(t *testing.T) {
	t.Parallel()
	files := map[string]string{"f": "x", "p": "y"}
	tree := slowOpen{memfs.From(files), make(chan struct{})}
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) { s.Verbs.On = []string{"COMB"} })
	t.Cleanup(srv.Close)
	first, second, third := connect(t, srv).login(), connect(t, srv).login(), connect(t, srv).login()
	first.write("COMB f p\r\n")
	<-tree.begun
	second.write("COMB f p\r\n")
	<-tree.begun
	third.do("COMB f p", "450")
	third.do("HASH f", "450")
	first.write("ABOR\r\n")
	first.expect("426")
	first.expect("226")
	third.write("COMB f p\r\n")
	<-tree.begun
	third.write("ABOR\r\n")
	third.expect("426")
	third.expect("226")
	wantTree(t, tree.FS, files)
}

// Parts are removed behind the commit, and only those that were read: not where it
// fails, and not one that was sent anew meanwhile.
func TestCombRemovesWhatItRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		commit func(vfs.FS) error
		code   int
		text   string
		want   map[string]string
	}{
		"fails": {func(vfs.FS) error { return errors.New("no") }, 451, "", map[string]string{"p1": "1", "p2": "2"}},
		"changed": {func(tree vfs.FS) error {
			return vfstest.Fill(context.Background(), tree, map[string]string{"p2": "new"})
		}, 250, "Combined; not all parts could be removed.", map[string]string{"f": "12", "p2": "new"}},
	} {
		t.Run(name, func(t *testing.T) {
			tree := memfs.From(map[string]string{"p1": "1", "p2": "2"})
			c := combServer(t, hookedCommit{tree, test.commit})
			a := c.do("COMB f p1 p2")
			c.want(a, test.code)
			if test.text != "" && a.lines[0] != test.text {
				t.Errorf("%v", a)
			}
			wantTree(t, tree, test.want)
		})
	}
}

// hookedCommit does something before each commit.
type hookedCommit struct {
	vfs.FS
	before func(vfs.FS) error
}

func (h hookedCommit) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	up, err := h.FS.Create(ctx, p, how)
	return hookedUpload{up, h}, err
}

type hookedUpload struct {
	vfs.Upload
	h hookedCommit
}

func (u hookedUpload) Commit(ctx context.Context) (vfs.Entry, error) {
	if err := u.h.before(u.h.FS); err != nil {
		return vfs.Entry{}, errors.Join(err, u.Abort(err))
	}
	return u.Upload.Commit(ctx)
}

// S-40: a file of many names is one part; and S-87: what is combined has no more
// permissions than an upload.
func TestCombOnDisk(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links and modes are of other systems")
	}
	t.Parallel()
	dir := t.TempDir()
	for i := range 3 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("p", i)), []byte{'0' + byte(i)}, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Link(filepath.Join(dir, "p0"), filepath.Join(dir, "hard")), os.Symlink("p0", filepath.Join(dir, "soft"))); err != nil {
		t.Fatal(err)
	}
	tree, err := osfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	c := combServer(t, tree)
	c.must(501, "COMB f p0 hard")
	c.must(501, "COMB f soft p0")
	c.must(501, "COMB p0 hard")
	c.must(200, "SITE UMASK 066")
	c.must(250, "COMB f p0 p1 p2")
	got, err := os.ReadFile(filepath.Join(dir, "f"))
	info, serr := os.Stat(filepath.Join(dir, "f"))
	if err != nil || serr != nil || string(got) != "012" || info.Mode().Perm() != 0o600 {
		t.Errorf("f: %q %v, %v, %v", got, info.Mode(), err, serr)
	}
	c.must(550, "MLST p1")
	direct, err := tree.For(osfs.Policy{Direct: true})
	if err != nil {
		t.Fatal(err)
	}
	combServer(t, direct).must(550, "COMB f hard")
}
