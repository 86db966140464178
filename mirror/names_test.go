package mirror_test

import (
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// C-11: names that lead elsewhere are refused one by one and counted, the others are
// copied, and nothing is deleted then.
func TestHostileNames_C11(t *testing.T) {
	inside := memfs.From(map[string]string{"good": "g"})
	good, err := inside.Stat(t.Context(), clean(t, "good"))
	if err != nil {
		t.Fatal(err)
	}
	bad := []string{"../x", "/etc/x", "a/b", "..", ".", "", "nul\x00", "cr\r", "lf\n", strings.Repeat("n", 4096)}
	entries := []vfs.Entry{good}
	for _, name := range bad {
		entries = append(entries, vfs.Entry{Name: name, Size: 1})
	}
	refused := 0
	for _, name := range []string{"-rf", "~", "CON", `C:\x`, "x:ads", "dot."} {
		entries = append(entries, vfs.Entry{Name: name, Size: 1})
		refused++
	}
	from := &fake{FS: inside, list: listed(entries...)}
	to := memfs.From(map[string]string{"old": ""})
	o := mirror.Options{Delete: true, Check: func(name string) error {
		if name != "good" {
			return errors.New("not here")
		}
		return nil
	}}
	rep, err := apply(t, from, to, o)
	if !errors.Is(err, mirror.ErrRefused) || rep.Failed != len(bad)+refused || rep.Copied != 1 {
		t.Errorf("%+v, %v", rep, err)
	}
	if d := cmp.Diff([]string{"good", "old"}, keys(tree(t, to))); d != "" {
		t.Error(d)
	}
}

// C-11: a listing whose end tells of names that were refused loses no others.
func TestRefusedByTheTree_C11(t *testing.T) {
	inside := memfs.From(map[string]string{"good": "g"})
	good, _ := inside.Stat(t.Context(), clean(t, "good"))
	from := &fake{FS: inside, list: func(vfs.Path) iter.Seq2[vfs.Entry, error] {
		return func(yield func(vfs.Entry, error) bool) {
			_ = yield(good, nil) && yield(vfs.Entry{}, vfs.ErrBadName)
		}
	}}
	to := memfs.From(map[string]string{"old": ""})
	rep, err := apply(t, from, to, mirror.Options{Delete: true})
	if !errors.Is(err, vfs.ErrBadName) || rep.Copied != 1 || rep.Deleted != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// C-13: a name that comes twice, also as file and directory, is an error once, and so
// are two names that are one on the target; the first is copied and not replaced.
func TestTwice_C13(t *testing.T) {
	const nfc, nfd = "caf\u00e9", "cafe\u0301"
	all := map[string]string{"a": "lower", "A": "upper", nfc: "composed", nfd: "decomposed", "b": "b"}
	from := memfs.From(all)
	entry := func(name string) vfs.Entry {
		e, err := from.Stat(t.Context(), clean(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	tests := []struct {
		name   string
		list   []vfs.Entry
		o      mirror.Options
		want   []string
		failed int
	}{
		{"twice", []vfs.Entry{entry("b"), entry("b")}, mirror.Options{}, []string{"b"}, 1},
		{"file and directory", []vfs.Entry{entry("b"), {Name: "b", Kind: vfs.KindDir}}, mirror.Options{}, []string{"b"}, 1},
		{"case", []vfs.Entry{entry("a"), entry("A")}, mirror.Options{FoldCase: true}, []string{"A"}, 1},
		{"form", []vfs.Entry{entry(nfc), entry(nfd)}, mirror.Options{}, []string{nfd}, 1},
		{"told apart", []vfs.Entry{entry(nfc), entry(nfd), entry("a"), entry("A")}, mirror.Options{ExactForm: true}, []string{"A", "a", nfd, nfc}, 0},
		{"sharp s", []vfs.Entry{{Name: "\u017f", Size: 1}, {Name: "s", Size: 1}, entry("b")}, mirror.Options{FoldCase: true}, []string{"b"}, 2},
	}
	for _, test := range tests {
		to := memfs.New()
		rep, err := apply(t, &fake{FS: from, list: listed(test.list...)}, to, test.o)
		if rep.Failed != test.failed || (err != nil) != (test.failed > 0) || rep.Copied != len(test.want) {
			t.Errorf("%s: %+v, %v", test.name, rep, err)
		}
		for name, content := range tree(t, to) {
			if content != all[name] {
				t.Errorf("%s: %q holds %q", test.name, name, content)
			}
		}
		if d := cmp.Diff(test.want, keys(tree(t, to))); d != "" {
			t.Errorf("%s: %s", test.name, d)
		}
	}
	// A target that lists a name twice: which of them would be replaced?
	to := &fake{FS: memfs.New(), list: listed(vfs.Entry{Name: "b"}, vfs.Entry{Name: "b", Kind: vfs.KindDir})}
	if _, err := apply(t, from, to, mirror.Options{Delete: true}); !errors.Is(err, mirror.ErrTwice) {
		t.Error(err)
	}
}

// C-26: a name that the target gives back in another form or case is neither copied
// again nor deleted.
func TestSpelling_C26(t *testing.T) {
	from := memfs.From(map[string]string{"caf\u00e9/\u00fc.txt": "x", "Read.me": "r"})
	to := memfs.From(map[string]string{"cafe\u0301/u\u0308.txt": "x", "read.ME": "r", "old": ""})
	for _, f := range []vfs.FS{from, to} {
		for name := range tree(t, f) {
			setTime(t, f, name, day)
		}
	}
	o := mirror.Options{Delete: true, FoldCase: true}
	rep, err := apply(t, from, to, o)
	if err != nil || rep.Equal != 2 || rep.Copied+rep.Updated+rep.Made != 0 || rep.Deleted != 1 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// C-26: a change of case in the source, on a target that is not known to fold: nothing
// of it may be lost, also below a directory.
func TestCaseRename_C26(t *testing.T) {
	for name, fold := range map[string]bool{"known": true, "unknown": false} {
		to := folding{memfs.From(map[string]string{"dir/file": "old", "name": "old"})}
		from := memfs.From(map[string]string{"DIR/file": "content", "NAME": "content"})
		o := mirror.Options{Delete: true, FoldCase: fold}
		_, _ = apply(t, from, to, o)
		if got := tree(t, to); len(got) != 3 || got["dir/file"] == "" || got["name"] == "" {
			t.Errorf("%s: %q", name, got)
		}
		if !fold {
			continue
		}
		if rep, err := apply(t, from, to, o); err != nil || rep.Changed() {
			t.Errorf("%s: a further run: %+v, %v", name, rep, err)
		}
	}
	// Where the target tells them apart, the old name goes.
	to := memfs.From(map[string]string{"dir/file": "old", "name": "old"})
	from := memfs.From(map[string]string{"DIR/file": "content", "NAME": "content"})
	rep, err := apply(t, from, to, mirror.Options{Delete: true, ExactForm: true})
	if d := cmp.Diff(tree(t, from), tree(t, to)); d != "" || err != nil || rep.Deleted != 3 {
		t.Errorf("%s %+v %v", d, rep, err)
	}
}

// C-12: links and special files are neither followed, made, replaced nor deleted.
func TestOdd_C12(t *testing.T) {
	odd := []vfs.Entry{
		{Name: "link", Link: true, Kind: vfs.KindFile}, {Name: "linked", Link: true, Kind: vfs.KindDir}, {Name: "fifo", Kind: vfs.KindOther},
	}
	from, to := memfs.From(map[string]string{"x": "x"}), memfs.New()
	x, _ := from.Stat(t.Context(), clean(t, "x"))
	rep, err := apply(t, &fake{FS: from, list: listed(append(odd, x)...)}, to, mirror.Options{Delete: true, Replace: true})
	if err != nil || rep.Skipped != 3 || rep.Copied != 1 || len(tree(t, to)) != 1 {
		t.Errorf("in the source: %+v, %v", rep, err)
	}
	from = memfs.From(map[string]string{"x": "x", "link": "l", "linked/y": "y"})
	rep, err = apply(t, from, &fake{FS: to, list: listed(append(odd, x)...)}, mirror.Options{Delete: true, Replace: true})
	if err != nil || rep.Conflicts != 2 || rep.Skipped != 1 || rep.Deleted != 0 || rep.Made != 0 {
		t.Errorf("in the target: %+v, %v", rep, err)
	}
}
