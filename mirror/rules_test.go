package mirror_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// What the patterns leave out is neither copied nor deleted, and directories that are
// excluded are not entered.
func TestPatterns(t *testing.T) {
	from := memfs.From(map[string]string{"a.txt": "", "b.tmp": "", "d/c.txt": "", "d/e.tmp": "", "cache/x.txt": "", "only/y.tmp": "", "hollow/": ""})
	old := map[string]string{"old.txt": "", "old.tmp": "", "gone/z.txt": "", "gone2/z.tmp": "", "cache/w.txt": ""}
	for name, test := range map[string]struct {
		o    mirror.Options
		want []string
	}{
		"exclude": {mirror.Options{Exclude: []string{"**/*.tmp", "cache"}},
			[]string{"a.txt", "cache/", "cache/w.txt", "d/", "d/c.txt", "gone2/", "gone2/z.tmp", "hollow/", "old.tmp", "only/"}},
		"include": {mirror.Options{Include: []string{"**/*.txt"}},
			[]string{"a.txt", "cache/", "cache/x.txt", "d/", "d/c.txt", "gone/", "gone2/", "gone2/z.tmp", "old.tmp"}},
		"both": {mirror.Options{Include: []string{"{d,gone,hollow}/**"}, Exclude: []string{"**/e.*"}},
			[]string{"cache/", "cache/w.txt", "d/", "d/c.txt", "gone2/", "gone2/z.tmp", "hollow/", "old.tmp", "old.txt"}},
	} {
		to := memfs.From(old)
		test.o.Delete = true
		_, err := apply(t, from, to, test.o)
		if d := cmp.Diff(test.want, keys(tree(t, to))); d != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, d)
		}
		if rep, err := apply(t, from, to, test.o); err != nil || rep.Changed() {
			t.Errorf("%s: a further run: %+v, %v", name, rep, err)
		}
	}
	from2 := &fake{FS: from, list: func(p vfs.Path) iter.Seq2[vfs.Entry, error] {
		if p.Base() == "cache" {
			t.Error("entered")
		}
		return nil
	}}
	if _, err := apply(t, from2, memfs.New(), mirror.Options{Exclude: []string{"cache"}}); err != nil {
		t.Error(err)
	}
	if _, err := apply(t, from, memfs.New(), mirror.Options{Include: []string{"["}}); !errors.Is(err, mirror.ErrPattern) {
		t.Error(err)
	}
}

// C-26: a change of kind is done only when that is asked for, and a directory goes only
// with Delete, within the bounds, and if all that is in it may go.
func TestReplace_C26(t *testing.T) {
	dir, file := map[string]string{"n/a": "1", "n/b/c": "2"}, map[string]string{"n": "file"}
	tests := map[string]struct {
		from, to map[string]string
		o        mirror.Options
		done     bool
		err      error
	}{
		"file by directory, not asked":      {dir, file, mirror.Options{Delete: true}, false, nil},
		"file by directory":                 {dir, file, mirror.Options{Replace: true}, true, nil},
		"directory by file, not asked":      {file, dir, mirror.Options{Delete: true}, false, nil},
		"directory by file, without delete": {file, dir, mirror.Options{Replace: true}, false, nil},
		"directory by file":                 {file, dir, mirror.Options{Replace: true, Delete: true}, true, nil},
		"directory by file, too many":       {file, dir, mirror.Options{Replace: true, Delete: true, MaxDelete: 3}, false, mirror.ErrTooMany},
		"directory by file, just enough":    {file, dir, mirror.Options{Replace: true, Delete: true, MaxDelete: 4}, true, nil},
		"directory by file, excluded":       {file, dir, mirror.Options{Replace: true, Delete: true, Exclude: []string{"n/b/c"}}, false, nil},
	}
	for name, test := range tests {
		from, to := memfs.From(test.from), memfs.From(test.to)
		rep, err := apply(t, from, to, test.o)
		if !errors.Is(err, test.err) || test.done != (rep.Replaced == 1) {
			t.Errorf("%s: %+v, %v", name, rep, err)
		}
		want := test.to
		if test.done {
			want = test.from
		} else if test.err == nil && rep.Conflicts != 1 {
			t.Errorf("%s: %+v", name, rep)
		}
		if d := cmp.Diff(tree(t, memfs.From(want)), tree(t, to)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if rep, err := apply(t, from, to, test.o); test.done && (err != nil || rep.Changed()) {
			t.Errorf("%s: a further run: %+v, %v", name, rep, err)
		}
	}
	// The source has changed its mind since it was listed.
	from, to := memfs.From(file), memfs.From(dir)
	late := &fake{FS: from, stat: func(vfs.Path) (vfs.Entry, error) { return vfs.Entry{Kind: vfs.KindDir}, nil }}
	if _, err := apply(t, late, to, mirror.Options{Replace: true, Delete: true}); err == nil || len(tree(t, to)) != 4 {
		t.Errorf("%v: %q", err, tree(t, to))
	}
	from, to = memfs.From(dir), memfs.From(file)
	late = &fake{FS: from, stat: func(vfs.Path) (vfs.Entry, error) { return vfs.Entry{}, nil }}
	if _, err := apply(t, late, to, mirror.Options{Replace: true}); !errors.Is(err, vfs.ErrConflict) || len(tree(t, to)) != 1 {
		t.Errorf("%v: %q", err, tree(t, to))
	}
}

// C-24: more than half of many files are not deleted without a word.
func TestShare_C24(t *testing.T) {
	all, some := map[string]string{}, map[string]string{}
	for i := range 40 {
		all[fmt.Sprint(i)] = ""
		if i < 19 {
			some[fmt.Sprint(i)] = ""
		}
	}
	to := memfs.From(all)
	rep, err := apply(t, memfs.From(some), to, mirror.Options{Delete: true})
	if !errors.Is(err, mirror.ErrTooMany) || rep.Deleted > 0 {
		t.Errorf("%+v, %v", rep, err)
	}
	some["19"] = ""
	rep, err = apply(t, memfs.From(some), to, mirror.Options{Delete: true})
	if err != nil || rep.Deleted != 20 {
		t.Errorf("%+v, %v", rep, err)
	}
	to = memfs.From(all)
	rep, err = apply(t, memfs.From(map[string]string{"0": ""}), to, mirror.Options{Delete: true, MaxDeleteShare: 1})
	if err != nil || rep.Deleted != 39 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// C-24: a listing that was short all the same is found out when the source is asked
// again.
func TestShortListing_C24(t *testing.T) {
	inside := memfs.From(files)
	z, _ := inside.Stat(t.Context(), clean(t, "z"))
	from := &fake{FS: inside, list: listed(z)}
	to := memfs.From(files)
	rep, err := apply(t, from, to, mirror.Options{Delete: true})
	if !errors.Is(err, vfs.ErrConflict) || rep.Deleted > 0 {
		t.Errorf("%+v, %v", rep, err)
	}
	if d := cmp.Diff(tree(t, memfs.From(files)), tree(t, to)); d != "" {
		t.Error(d)
	}
}

// Directories that cannot be made fail once, and what is below them too.
func TestUnmade(t *testing.T) {
	from := memfs.From(map[string]string{"d/a": "", "d/e/b": "", "f": ""})
	to := memfs.New()
	plan := mirror.Plan(t.Context(), from, to, mirror.Options{})
	write(t, to, "d", "in the way")
	rep, err := mirror.Apply(t.Context(), from, to, plan, mirror.Options{})
	if !errors.Is(err, vfs.ErrExist) && rep.Conflicts == 0 || rep.Copied != 1 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// New files get the rights of the source's if that is asked for; those of old ones stay.
func TestModes(t *testing.T) {
	from := memfs.From(map[string]string{"new": "n", "old": "o"})
	mode := fs.FileMode(0o600)
	for _, name := range []string{"new", "old"} {
		if err := from.SetAttr(t.Context(), clean(t, name), vfs.Attr{Mode: &mode}); err != nil {
			t.Fatal(err)
		}
	}
	for asked, want := range map[bool]fs.FileMode{true: 0o600, false: 0o644} {
		to := memfs.From(map[string]string{"old": "x1"})
		_, err := apply(t, from, to, mirror.Options{Modes: asked})
		n, _ := to.Stat(t.Context(), clean(t, "new"))
		o, _ := to.Stat(t.Context(), clean(t, "old"))
		if err != nil || n.Mode.Perm() != want || o.Mode.Perm() != 0o644 {
			t.Errorf("%v %v %v", n.Mode, o.Mode, err)
		}
	}
}

func TestStep(t *testing.T) {
	p, _ := vfs.Clean("a/b\xff")
	s := mirror.Step{Action: mirror.Copy, Path: p, ToPath: clean(t, "a/c"), From: vfs.Entry{Name: "b", Size: 3, ModTime: day}, Reason: "why"}
	if got, want := s.String(), `copy "/a/b\xff" as "/a/c": why`; got != want {
		t.Errorf("%s", got)
	}
	got, err := json.Marshal(s)
	want := `{"action":"copy","path":"/a/b\ufffd","path_base64":"L2EvYv8=","to_path":"/a/c","kind":"file","size":3,"modified":"2026-11-21T12:00:00Z","reason":"why"}`
	if string(got) != want || err != nil {
		t.Errorf("%s %v", got, err)
	}
	s = mirror.Step{Action: mirror.Delete, Path: clean(t, "d"), ToPath: clean(t, "d"), To: vfs.Entry{Name: "d", Kind: vfs.KindDir}}
	if got, _ := json.Marshal(s); string(got) != `{"action":"delete","path":"/d","kind":"dir"}` || s.String() != `delete "/d"` {
		t.Errorf("%s %s", got, s)
	}
}
