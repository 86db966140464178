package layer_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// Mount points are listed once, within each other, where the storage has nothing,
// and where it has something else.
//
func TestMountTree(t *testing.T) {
	ctx := t.Context()
	m := mount(t,
		layer.Point{At: path(t, "/a"), FS: memfs.From(map[string]string{"f": "a", "b/shadowed": "", "d/": ""})},
		layer.Point{FS: memfs.From(map[string]string{"a": "a file, out of reach", "x/real": "", "f": "root"})},
		layer.Point{At: path(t, "/a/b"), FS: memfs.From(map[string]string{"f": "ab"})},
		layer.Point{At: path(t, "/x/y/z"), FS: memfs.From(map[string]string{"f": "xyz"})},
	)
	tree, err := vfstest.Tree(ctx, m)
	want := map[string]string{
		"f": "root", "a/": "", "a/f": "a", "a/d/": "", "a/b/": "", "a/b/f": "ab",
		"x/": "", "x/real": "", "x/y/": "", "x/y/z/": "", "x/y/z/f": "xyz",
	}
	if diff := cmp.Diff(want, tree); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	unique := map[string]string{}
	for name := range want {
		e, err := m.Stat(ctx, path(t, name))
		if err != nil || e.Name != path(t, name).Base() || e.IsDir() != strings.HasSuffix(name, "/") {
			t.Errorf("Stat %s = %+v, %v", name, e, err)
		}
		if other := unique[e.Unique]; e.Unique != "" && other != "" {
			t.Errorf("%s and %s have the same Unique", name, other)
		}
		unique[e.Unique] = name
		for listed, err := range m.List(ctx, path(t, name).Dir(), vfs.WantAll) {
			if err != nil {
				t.Fatal(err)
			}
			if listed.Name == e.Name && listed != e {
				t.Errorf("%s is listed as %+v, Stat says %+v", name, listed, e)
			}
		}
	}
	for name, want := range map[string]error{
		"/none": vfs.ErrNotExist, "/a/b/shadowed": vfs.ErrNotExist, "/x/y/none": vfs.ErrNotExist, "/f/x": vfs.ErrNotDir,
		"/x/y/none/x": vfs.ErrNotExist, "/a/f/x": vfs.ErrNotDir, "/a2": vfs.ErrNotExist,
	} {
		_, err := m.Stat(ctx, path(t, name))
		wantErr(t, "Stat "+name, err, want)
	}
	alone := mount(t, layer.Point{At: path(t, "/only"), FS: memfs.New()})
	tree, err = vfstest.Tree(ctx, alone)
	if diff := cmp.Diff(map[string]string{"only/": ""}, tree); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, err = alone.Stat(ctx, path(t, "/other/x"))
	wantErr(t, "Stat beside the only mount", err, vfs.ErrNotExist)
	wantErr(t, "put beside the only mount", put(ctx, alone, path(t, "/f"), vfs.Create{}, ""), vfs.ErrPermission)
	for _, bad := range [][]layer.Point{{{At: path(t, "/a")}}, {{FS: m}, {FS: m}}} {
		if _, err := layer.Mount(bad...); err == nil {
			t.Errorf("Mount(%v): no error", bad)
		}
	}
}

// S-73: a mount point cannot be removed, renamed or replaced, nor can what leads to
// one.
func TestMountPointsStay(t *testing.T) {
	ctx := t.Context()
	m := mount(t,
		layer.Point{FS: memfs.From(map[string]string{"x/f": "", "f": "", "d/": ""})},
		layer.Point{At: path(t, "/x/m"), FS: memfs.New()},
		layer.Point{At: path(t, "/v/m"), FS: memfs.New()},
	)
	before, err := vfstest.Tree(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/x", "/x/m", "/v", "/v/m"} {
		p := path(t, name)
		wantErr(t, "Remove "+name, m.Remove(ctx, p), vfs.ErrIsDir)
		wantErr(t, "Rmdir "+name, m.Rmdir(ctx, p), vfs.ErrPermission)
		wantErr(t, "Mkdir "+name, m.Mkdir(ctx, p), vfs.ErrExist)
		wantErr(t, "Create "+name, put(ctx, m, p, vfs.Create{}, ""), vfs.ErrIsDir)
		wantErr(t, "Symlink "+name, m.Symlink(ctx, path(t, "/f"), p), vfs.ErrExist)
		for _, other := range []string{"/f", "/d", "/x/f", "/new"} {
			wantErr(t, "Rename "+name+" to "+other, m.Rename(ctx, p, path(t, other), vfs.Rename{}), vfs.ErrPermission)
			wantErr(t, "Rename "+other+" to "+name, m.Rename(ctx, path(t, other), p, vfs.Rename{}), vfs.ErrPermission)
		}
		_, err := m.Open(ctx, p)
		wantErr(t, "Open "+name, err, vfs.ErrIsDir)
		_, err = m.Hash(ctx, p, vfs.MD5, 0, -1)
		wantErr(t, "Hash "+name, err, vfs.ErrIsDir)
		_, err = m.Unfinished(ctx, p)
		wantErr(t, "Unfinished "+name, err, vfs.ErrNotExist)
		if e, err := m.Stat(ctx, p); err != nil || e.Rights&(vfs.MayDelete|vfs.MayRename) != 0 {
			t.Errorf("Stat %s = %+v, %v", name, e, err)
		}
	}
	// What is there only to lead somewhere holds nothing else.
	for _, err := range []error{
		put(ctx, m, path(t, "/v/f"), vfs.Create{}, ""),
		m.Mkdir(ctx, path(t, "/v/d")),
		m.Rename(ctx, path(t, "/f"), path(t, "/v/f"), vfs.Rename{}),
		m.SetAttr(ctx, path(t, "/v"), vfs.Attr{ModTime: time.Unix(1, 0)}),
		m.Symlink(ctx, path(t, "/f"), path(t, "/v/l")),
	} {
		wantErr(t, "to change /v", err, vfs.ErrPermission)
	}
	for _, target := range []string{"/x/m/f", "/x/m", "/x"} {
		wantErr(t, "Symlink to "+target, m.Symlink(ctx, path(t, target), path(t, "/l")), vfs.ErrUnsupported)
	}
	after, err := vfstest.Tree(ctx, m)
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Errorf("%v (-before +after):\n%s", err, diff)
	}
}

// twoTrees is a mount at /m with what is behind it.
func twoTrees(t *testing.T) (m, root, other vfs.FS) {
	root = memfs.From(map[string]string{"f": "from the root", "d/g": "deep"})
	other = memfs.From(map[string]string{"old": "there already", "dir/": ""})
	return mount(t, layer.Point{FS: root}, layer.Point{At: path(t, "/m"), FS: other}), root, other
}

// S-76: renaming across devices.
func TestMountRename(t *testing.T) {
	ctx := t.Context()
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, test := range []struct {
		from, to string
		how      vfs.Rename
		want     error
	}{
		{"/f", "/m/f", vfs.Rename{}, nil},
		{"/f", "/m/f", vfs.Rename{Exclusive: true}, nil},
		{"/f", "/m/dir/f", vfs.Rename{}, nil},
		{"/f", "/m/old", vfs.Rename{}, nil},
		{"/f", "/m/old", vfs.Rename{Exclusive: true}, vfs.ErrExist},
		{"/f", "/m/dir", vfs.Rename{}, vfs.ErrExist},
		{"/f", "/m/none/f", vfs.Rename{}, vfs.ErrNotExist},
		{"/f", "/m/old/f", vfs.Rename{}, vfs.ErrNotDir},
		{"/none", "/m/f", vfs.Rename{}, vfs.ErrNotExist},
		{"/d", "/m/d", vfs.Rename{}, vfs.ErrUnsupported},
		{"/d", "/m/old", vfs.Rename{}, vfs.ErrExist},
		{"/m/old", "/f", vfs.Rename{}, nil},
		{"/m/old", "/d/old", vfs.Rename{}, nil},
		{"/m/old", "/m/dir/old", vfs.Rename{}, nil},
	} {
		m, _, _ := twoTrees(t)
		before, err := vfstest.Tree(ctx, m)
		if err != nil {
			t.Fatal(err)
		}
		if test.want == nil {
			if err := m.SetAttr(ctx, path(t, test.from), vfs.Attr{ModTime: when}); err != nil {
				t.Fatal(err)
			}
			before[test.to[1:]] = before[test.from[1:]]
			delete(before, test.from[1:])
		}
		what := "Rename " + test.from + " to " + test.to
		wantErr(t, what, m.Rename(ctx, path(t, test.from), path(t, test.to), test.how), test.want)
		after, err := vfstest.Tree(ctx, m)
		if diff := cmp.Diff(before, after); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
		}
		if e, err := m.Stat(ctx, path(t, test.to)); test.want == nil && (err != nil || !e.ModTime.Equal(when)) {
			t.Errorf("%s: %+v, %v", what, e, err)
		}
	}
}

// stepped calls before each Read and each Remove.
type stepped struct {
	vfs.FS
	read   func()
	remove func() error
}

func (s stepped) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	f, err := s.FS.Open(ctx, p)
	return steppedFile{f, s.read}, err
}

func (s stepped) Remove(ctx context.Context, p vfs.Path) error {
	if err := s.remove(); err != nil {
		return err
	}
	return s.FS.Remove(ctx, p)
}

type steppedFile struct {
	vfs.File
	read func()
}

func (f steppedFile) Read(b []byte) (int, error) { f.read(); return f.File.Read(b) }

// S-76: what can happen on the way from one storage to another; no file is lost and
// no half of one is to be seen.
func TestMountRenameBreaksOff(t *testing.T) {
	errStuck := errors.New("stuck")
	// More than is read in one go.
	content, newer := strings.Repeat("content.", 1<<16), strings.Repeat("another.", 1<<16)
	// As long and as old as the file that it replaces.
	replace := func(_ func(), source vfs.FS) {
		ctx, p := context.Background(), path(t, "/f")
		e, err := source.Stat(ctx, p)
		err = errors.Join(err, put(ctx, source, p, vfs.Create{}, newer), source.SetAttr(ctx, p, vfs.Attr{ModTime: e.ModTime}))
		if err != nil {
			t.Error(err)
		}
	}
	for name, test := range map[string]struct {
		read     func(cancel func(), source vfs.FS)
		remove   error
		readOnly bool
		want     error
		source   string // afterwards
		target   bool   // afterwards
	}{
		"cancelled":       {read: func(cancel func(), _ vfs.FS) { cancel() }, want: context.Canceled, source: content},
		"cannot remove":   {remove: errStuck, want: errStuck, source: content, target: true},
		"changed by then": {read: replace, want: vfs.ErrConflict, source: newer, target: true},
		"read only":       {readOnly: true, want: vfs.ErrPermission, source: content},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			source, target := memfs.From(map[string]string{"f": content}), memfs.New()
			reads := 0
			var around vfs.FS = stepped{source, func() {
				reads++
				if test.read != nil {
					test.read(cancel, source)
				}
			}, func() error { return test.remove }}
			if test.readOnly {
				around = layer.ReadOnly(around)
			}
			m := mount(t, layer.Point{FS: around}, layer.Point{At: path(t, "/m"), FS: target})
			wantErr(t, "Rename", m.Rename(ctx, path(t, "/f"), path(t, "/m/f"), vfs.Rename{}), test.want)
			if errors.Is(test.want, context.Canceled) && reads != 1 {
				t.Errorf("%d reads, though the first one was the last wanted", reads)
			}
			if got, err := get(t.Context(), source, path(t, "/f")); got != test.source || err != nil {
				t.Errorf("the source: %.20q, %v", got, err)
			}
			got, err := get(t.Context(), target, path(t, "/f"))
			if test.target != (err == nil) || test.target && got != content {
				t.Errorf("the target: %.20q, %v", got, err)
			}
		})
	}
}

// A link stays in the storage that it is in, also where its text would lead into
// another one.
func TestMountLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "m"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "m", "f"), []byte("below"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("m/f", filepath.Join(dir, "link")); err != nil {
		t.Skip("the system makes no links: ", err)
	}
	disk, err := osfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := mount(t, layer.Point{FS: disk}, layer.Point{At: path(t, "/m"), FS: memfs.From(map[string]string{"f": "mounted"})})
	defer m.Close()
	if m.Caps().Symlink {
		wantErr(t, "Symlink within the storage", m.Symlink(t.Context(), path(t, "/real"), path(t, "/new")), nil)
		wantErr(t, "put", put(t.Context(), m, path(t, "/real"), vfs.Create{}, "beside"), nil)
	} else if err := os.WriteFile(filepath.Join(dir, "new"), []byte("beside"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"/m/f": "mounted", "/link": "below", "/new": "beside"} {
		if got, err := get(t.Context(), m, path(t, name)); got != want || err != nil {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
}

// What the whole can do is what any part can, but its promise is the weakest.
func TestMountCaps(t *testing.T) {
	m := mount(t, layer.Point{FS: layer.ReadOnly(memfs.New())}, layer.Point{At: path(t, "/m"), FS: durable{memfs.New()}})
	if c := m.Caps(); !c.Write || !c.Resume || c.Durability != vfs.DurableNone {
		t.Errorf("Caps %+v", c)
	}
	if s, err := m.Space(t.Context(), path(t, "/m")); s.Free != -1 || err != nil {
		t.Errorf("Space of a mount %+v, %v", s, err)
	}
	if s, err := m.Space(t.Context(), path(t, "/")); s.Free != 0 || err != nil {
		t.Errorf("Space of a mount that is only read %+v, %v", s, err)
	}
}

type durable struct{ vfs.FS }

func (d durable) Caps() vfs.Caps {
	c := d.FS.Caps()
	c.Durability = vfs.DurableFull
	return c
}

// An upload within a mount is described as the tree has it.
func TestMountUpload(t *testing.T) {
	ctx := t.Context()
	m, _, other := twoTrees(t)
	up, err := m.Create(ctx, path(t, "/m/new"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(up, "half"); err != nil {
		t.Fatal(err)
	}
	if err := up.Abort(vfs.ErrInterrupted); err != nil {
		t.Fatal(err)
	}
	if e, err := m.Unfinished(ctx, path(t, "/m/new")); e.Size != 4 || e.Name != "new" || err != nil {
		t.Errorf("unfinished %+v, %v", e, err)
	}
	wantErr(t, "continue", put(ctx, m, path(t, "/m/new"), vfs.Create{Append: true}, "+"), nil)
	if got, err := get(ctx, other, path(t, "/new")); got != "half+" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
