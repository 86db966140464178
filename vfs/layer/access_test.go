package layer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// S-73: each operation with exactly the rights that it needs, and with all but one
// of them.
func TestAccessMatrix(t *testing.T) {
	ctx := t.Context()
	file := path(t, "/d/f")
	ops := append(changes(t),
		change{"open", func(ctx context.Context, f vfs.FS) error { _, err := get(ctx, f, file); return err }, layer.AllowDownload},
		change{"list", func(ctx context.Context, f vfs.FS) error {
			for _, err := range f.List(ctx, path(t, "/d"), vfs.WantAll) {
				if err != nil {
					return err
				}
			}
			return nil
		}, layer.AllowList},
		change{"hash", func(ctx context.Context, f vfs.FS) error {
			_, err := f.Hash(ctx, file, vfs.SHA256, 0, -1)
			return err
		}, layer.AllowHash},
		change{"hash of a part", func(ctx context.Context, f vfs.FS) error {
			_, err := f.Hash(ctx, file, vfs.SHA256, 1, 2)
			return err
		}, layer.AllowHash | layer.AllowDownload},
	)
	before, err := vfstest.Tree(ctx, sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range ops {
		f := access(t, sample(), layer.Policy{Rules: []layer.Rule{{Allow: op.need}}})
		wantErr(t, op.name+" with its rights", op.do(ctx, f), nil)
		for right := layer.Allow(1); right <= layer.AllowAll; right <<= 1 {
			if op.need&right == 0 {
				continue
			}
			inner := sample()
			f := access(t, inner, layer.Policy{Rules: []layer.Rule{{Allow: layer.AllowAll &^ right}}})
			err := op.do(ctx, f)
			// Without the right to change what is there, there must be nothing.
			if !errors.Is(err, vfs.ErrPermission) && !errors.Is(err, vfs.ErrExist) {
				t.Errorf("%s without right %b: got error %v", op.name, right, err)
			}
			after, err := vfstest.Tree(ctx, inner)
			if diff := cmp.Diff(before, after); diff != "" || err != nil {
				t.Errorf("%s without right %b: %v (-before +after):\n%s", op.name, right, err, diff)
			}
		}
	}
}

// V-03, S-88: a rule holds for a folder and what is below it, in any spelling where
// the disk ignores case, and not for its siblings of a similar name; S-70: nor does it
// matter how the path was typed.
func TestAccessFolders(t *testing.T) {
	inner := memfs.From(map[string]string{"share/f": "", "share2/f": "", "share/in/f": "", "Share/f": ""})
	rules := []layer.Rule{
		{Folder: path(t, "/share"), Allow: layer.AllowRead},
		{Folder: path(t, "/share/in"), Allow: layer.AllowUpload},
	}
	exact := access(t, inner, layer.Policy{Rules: rules})
	fold := access(t, inner, layer.Policy{Rules: rules, FoldCase: true})
	for _, test := range []struct {
		f    vfs.FS
		name string
		want error
	}{
		{exact, "/share/f", nil},
		{exact, "//share/./x/../f", nil},
		{exact, "/share2/../share/f", nil},
		{exact, "/share2/f", vfs.ErrPermission},
		{exact, "/share/../share2/f", vfs.ErrPermission},
		{exact, "/share/in/f", vfs.ErrPermission},
		{exact, "/share/in/../f", nil},
		{exact, "/Share/f", vfs.ErrPermission},
		{exact, "/share/in2", vfs.ErrNotExist},
		{exact, "/", vfs.ErrPermission},
		{fold, "/Share/f", nil},
		{fold, "/\u017fhare/x", vfs.ErrNotExist}, // a long s folds to s
		{fold, "/share/IN/f", vfs.ErrPermission},
	} {
		_, err := test.f.Open(t.Context(), path(t, test.name))
		wantErr(t, "Open "+test.name, err, test.want)
	}
	// The way to where there are rights can be gone, and not looked around on.
	if e, err := exact.Stat(t.Context(), path(t, "/")); err != nil || e.Rights != vfs.MayEnter {
		t.Errorf("the way: %b, %v", e.Rights, err)
	}
	// Who may only upload is not told what is there.
	for _, name := range []string{"/share/in/f", "/share/in/none", "/share/in/f/x"} {
		_, err := exact.Stat(t.Context(), path(t, name))
		wantErr(t, "Stat "+name, err, vfs.ErrPermission)
	}
	for _, bad := range [][]layer.Rule{
		{rules[0], rules[0]},
		{{Allow: 1 << 15}},
	} {
		if _, err := layer.Access(inner, layer.Policy{Rules: bad}); err == nil {
			t.Errorf("rules %v: no error", bad)
		}
	}
	if _, err := layer.Access(inner, layer.Policy{FoldCase: true, Rules: []layer.Rule{{Folder: path(t, "/A")}, {Folder: path(t, "/a")}}}); err == nil {
		t.Error("two rules that differ in case: no error")
	}
}

// S-73, V-01: what is renamed neither gains nor loses rights by it.
func TestAccessRename(t *testing.T) {
	const all = layer.AllowAll
	for _, test := range []struct {
		from, to string
		rules    map[string]layer.Allow
		want     error
	}{
		// Files from one rule to another.
		{"/a/f", "/b/f", map[string]layer.Allow{"/a": all, "/b": layer.AllowUpload}, nil},
		{"/a/f", "/b/f", map[string]layer.Allow{"/a": all &^ layer.AllowDelete, "/b": layer.AllowUpload}, vfs.ErrPermission},
		{"/a/f", "/b/f", map[string]layer.Allow{"/a": all &^ layer.AllowDownload, "/b": all}, vfs.ErrPermission},
		{"/a/f", "/b/f", map[string]layer.Allow{"/a": all &^ layer.AllowHash, "/b": all}, vfs.ErrPermission},
		{"/a/f", "/b/f", map[string]layer.Allow{"/a": all &^ layer.AllowDownload, "/b": all &^ layer.AllowDownload &^ layer.AllowList}, nil},
		{"/a/f", "/b/f", map[string]layer.Allow{"/a": all, "/b": 0}, vfs.ErrPermission},
		{"/a/f", "/b/g", map[string]layer.Allow{"/a": all, "/b": layer.AllowUpload}, vfs.ErrExist},
		{"/a/f", "/b/g", map[string]layer.Allow{"/a": all, "/b": layer.AllowOverwrite}, nil},
		{"/a/f", "/b/f", map[string]layer.Allow{"/a": all, "/b": layer.AllowOverwrite}, vfs.ErrPermission},
		// A name that has a rule of its own.
		{"/a/f", "/a/ruled", map[string]layer.Allow{"/": all, "/a/ruled": layer.AllowRead}, vfs.ErrPermission},
		{"/a/f", "/a/x", map[string]layer.Allow{"/": all, "/a/f": layer.AllowRead}, vfs.ErrPermission},
		{"/a/f", "/a/x", map[string]layer.Allow{"/": layer.AllowRead, "/a/f": all, "/a/x": all}, vfs.ErrPermission},
		// Directories: what is in them keeps its rights, or nothing moves.
		{"/a", "/c", map[string]layer.Allow{"/": all}, nil},
		{"/a", "/c", map[string]layer.Allow{"/": all, "/b": 0}, nil},
		{"/a", "/c", map[string]layer.Allow{"/": all, "/a": layer.AllowRead}, vfs.ErrPermission},
		{"/a", "/c", map[string]layer.Allow{"/": all, "/c": layer.AllowRead}, vfs.ErrPermission},
		{"/a", "/c", map[string]layer.Allow{"/": all, "/a/d": 0}, vfs.ErrPermission},
		{"/a", "/c", map[string]layer.Allow{"/": all, "/a/d/none": 0}, vfs.ErrPermission},
		{"/a", "/c", map[string]layer.Allow{"/": all, "/c/d": 0}, vfs.ErrPermission},
		{"/a", "/c", map[string]layer.Allow{"/": all, "/a/d": 0, "/c/d": 0}, nil},
		{"/a", "/c", map[string]layer.Allow{"/": all, "/a2": 0, "/cc/d": 0}, nil},
		{"/a/d", "/b/d", map[string]layer.Allow{"/a": all, "/b": all}, nil},
		{"/a/d", "/b/d", map[string]layer.Allow{"/a": all &^ layer.AllowDownload, "/b": all}, vfs.ErrPermission},
		{"/a/d", "/b/d", map[string]layer.Allow{"/a": all, "/b": all &^ layer.AllowHash}, vfs.ErrPermission},
		{"/a/d", "/a/d/x", map[string]layer.Allow{"/": all}, vfs.ErrBadName},
	} {
		inner := memfs.From(map[string]string{"a/f": "", "a/d/f": "", "b/g": ""})
		var rules []layer.Rule
		for folder, allow := range test.rules {
			rules = append(rules, layer.Rule{Folder: path(t, folder), Allow: allow})
		}
		f := access(t, inner, layer.Policy{Rules: rules})
		err := f.Rename(t.Context(), path(t, test.from), path(t, test.to), vfs.Rename{})
		wantErr(t, fmt.Sprint("Rename ", test.from, " to ", test.to, " by ", test.rules), err, test.want)
		if test.want != nil {
			_, err = inner.Stat(t.Context(), path(t, test.from))
			wantErr(t, "Stat of the source", err, nil)
		}
	}
}

// Who may not overwrite cannot do so by being the later of two either.
func TestAccessNoOverwriteIsAtomic(t *testing.T) {
	ctx := t.Context()
	inner := memfs.New()
	f := access(t, inner, layer.Policy{Rules: []layer.Rule{{Allow: layer.AllowAll &^ layer.AllowOverwrite &^ layer.AllowAppend}}})
	for _, how := range []vfs.Create{{}, {Append: true}} {
		up, err := f.Create(ctx, path(t, "/f"), how)
		if err != nil {
			t.Fatal(err)
		}
		if err := put(ctx, inner, path(t, "/f"), vfs.Create{}, "first"); err != nil {
			t.Fatal(err)
		}
		_, err = up.Commit(ctx)
		wantErr(t, "Commit", err, vfs.ErrExist)
		if err := inner.Remove(ctx, path(t, "/f")); err != nil {
			t.Fatal(err)
		}
	}
	// An upload that broke off is continued all the same: it is nobody's file yet.
	up, err := f.Create(ctx, path(t, "/f"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := up.Abort(vfs.ErrInterrupted); err != nil {
		t.Fatal(err)
	}
	if e, err := f.Unfinished(ctx, path(t, "/f")); e.Size != 4 || e.Rights&vfs.MayAppend == 0 || err != nil {
		t.Errorf("unfinished %+v, %v", e, err)
	}
	wantErr(t, "continue", put(ctx, f, path(t, "/f"), vfs.Create{Offset: 4}, "+half"), nil)
	if got, err := get(ctx, f, path(t, "/f")); got != "half+half" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// S-85: names that are hidden are not there, by whatever operation.
//
func TestAccessNames(t *testing.T) {
	ctx := t.Context()
	inner := memfs.From(map[string]string{".git/config": "", "d/.secret": "x", "d/f": "y", "d/run.exe": ""})
	f := access(t, inner, layer.Policy{
		Rules: everything(), Hide: []string{".*"}, Refuse: []string{"*.exe"}, WindowsNames: true, FoldCase: true,
	})
	tree, err := vfstest.Tree(ctx, f)
	if diff := cmp.Diff(map[string]string{"d/": "", "d/f": "y", "d/run.exe": ""}, tree); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, name := range []string{"/.git", "/.git/config", "/d/.secret", "/d/.none", "/d/../d/.secret"} {
		p := path(t, name)
		_, err := f.Stat(ctx, p)
		wantErr(t, "Stat "+name, err, vfs.ErrNotExist)
		_, err = f.Open(ctx, p)
		wantErr(t, "Open "+name, err, vfs.ErrNotExist)
		_, err = f.Hash(ctx, p, vfs.MD5, 0, -1)
		wantErr(t, "Hash "+name, err, vfs.ErrNotExist)
		_, err = f.Unfinished(ctx, p)
		wantErr(t, "Unfinished "+name, err, vfs.ErrNotExist)
		_, err = f.Space(ctx, p)
		wantErr(t, "Space "+name, err, vfs.ErrNotExist)
		wantErr(t, "Remove "+name, f.Remove(ctx, p), vfs.ErrNotExist)
		wantErr(t, "Rmdir "+name, f.Rmdir(ctx, p), vfs.ErrNotExist)
		wantErr(t, "SetAttr "+name, f.SetAttr(ctx, p, vfs.Attr{}), vfs.ErrNotExist)
		wantErr(t, "Rename "+name, f.Rename(ctx, p, path(t, "/x"), vfs.Rename{}), vfs.ErrNotExist)
		wantErr(t, "Symlink to "+name, f.Symlink(ctx, p, path(t, "/x")), vfs.ErrNotExist)
		for _, err := range f.List(ctx, p, vfs.WantAll) {
			wantErr(t, "List "+name, err, vfs.ErrNotExist)
		}
	}
	wantErr(t, "Create below .git", put(ctx, f, path(t, "/.git/x"), vfs.Create{}, ""), vfs.ErrNotExist)
	for _, name := range []string{"/.new", "/d/.secret", "/x.exe", "/X.EXE", "/d/run.exe", "/nul", "/a:b", "/x.", "/progra~1"} {
		p := path(t, name)
		wantErr(t, "Create "+name, put(ctx, f, p, vfs.Create{}, ""), vfs.ErrBadName)
		wantErr(t, "Append "+name, put(ctx, f, p, vfs.Create{Append: true}, ""), vfs.ErrBadName)
		wantErr(t, "Mkdir "+name, f.Mkdir(ctx, p), vfs.ErrBadName)
		wantErr(t, "Rename to "+name, f.Rename(ctx, path(t, "/d/f"), p, vfs.Rename{}), vfs.ErrBadName)
		wantErr(t, "Rename a directory to "+name, f.Rename(ctx, path(t, "/d"), p, vfs.Rename{}), vfs.ErrBadName)
		wantErr(t, "Symlink at "+name, f.Symlink(ctx, path(t, "/d/f"), p), vfs.ErrBadName)
	}
	for _, bad := range []string{"", "a/b", string(make([]byte, 256))} {
		if _, err := layer.Access(inner, layer.Policy{Hide: []string{bad}}); err == nil {
			t.Errorf("pattern %q: no error", bad)
		}
	}
}

// S-73: a link that is there reaches what it points to, with the rights of where it
// is; new ones, and those that are moved, cannot change what the account may do.
func TestAccessLinks(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	for _, d := range []string{"pub", "secret"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "secret", "f"), []byte("s"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"pub/in": "../secret/f", "pub/out": "/etc/passwd", "pub/up": "../../../etc/passwd"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip("the system makes no links: ", err)
		}
	}
	disk, err := osfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	f := access(t, disk, layer.Policy{Rules: []layer.Rule{{Folder: path(t, "/pub"), Allow: layer.AllowAll}}})
	if got, err := get(ctx, f, path(t, "/pub/in")); got != "s" || err != nil {
		t.Errorf("a link of the administrator: %q, %v", got, err)
	}
	for _, name := range []string{"/secret/f", "/pub/out", "/pub/up"} {
		if got, err := get(ctx, f, path(t, name)); err == nil {
			t.Errorf("%s is read: %q", name, got)
		}
	}
	for target, p := range map[string]string{"/secret/f": "/pub/l", "/pub/x": "/pub/m", "/pub": "/pub/n"} {
		wantErr(t, "Symlink to "+target, f.Symlink(ctx, path(t, target), path(t, p)), vfs.ErrPermission)
	}
	if f.Caps().Symlink {
		t.Error("Caps promise links")
	}
	// With the same rights everywhere a link changes nothing.
	for _, test := range []struct {
		allow layer.Allow
		want  error
	}{{layer.AllowAll, nil}, {layer.AllowAll &^ layer.AllowLink, vfs.ErrPermission}} {
		allow, want := test.allow, test.want
		same := access(t, disk, layer.Policy{Rules: []layer.Rule{{Allow: allow}, {Folder: path(t, "/pub"), Allow: allow}}})
		wantErr(t, "Symlink in a uniform tree", same.Symlink(ctx, path(t, "/secret/f"), path(t, "/pub/same")), want)
		if got, err := get(ctx, same, path(t, "/pub/same")); got != "s" || err != nil {
			t.Errorf("the link: %q, %v", got, err)
		}
		if same.Caps().Symlink != (want == nil) {
			t.Errorf("Caps %+v", same.Caps())
		}
	}
}

// RFC 3659 §7.5.5, R-115: the rights that are told are those that hold, by whatever
// policy.
func TestAccessRightsAreTrue(t *testing.T) {
	ctx := t.Context()
	random := rand.New(rand.NewPCG(1, 115))
	content := map[string]string{"a/f": "1", "a/z": "", "a/d/g": "2", "a/d/z": "", "a/e/": "", "b/h": "3", "b/no": "4", "b/z": ""}
	for range 300 {
		policy := layer.Policy{Refuse: []string{"no"}}
		for _, folder := range []string{"/", "/a", "/a/d", "/b", "/a/f"} {
			if random.IntN(2) == 0 || folder == "/" {
				allow := layer.Allow(random.IntN(int(layer.AllowAll) + 1))
				policy.Rules = append(policy.Rules, layer.Rule{Folder: path(t, folder), Allow: allow})
			}
		}
		for _, name := range []string{"/", "/a", "/a/f", "/a/d", "/a/d/g", "/a/e", "/b", "/b/h", "/b/no"} {
			p := path(t, name)
			e, err := access(t, memfs.From(content), policy).Stat(ctx, p)
			if errors.Is(err, vfs.ErrPermission) {
				continue // there is nothing to be told
			}
			if err != nil {
				t.Fatal(err)
			}
			for right, try := range attempts(t, p, e) {
				err := try(ctx, access(t, memfs.From(content), policy))
				works := err == nil || errors.Is(err, vfs.ErrNotEmpty)
				if told := e.Rights&right != 0; told != works {
					t.Errorf("%s by %v: right %b told %v, but: %v", name, policy.Rules, right, told, err)
				}
			}
			for q, err := range access(t, memfs.From(content), policy).List(ctx, p.Dir(), vfs.WantRights) {
				if err == nil && q.Name == p.Base() && !p.IsRoot() && q.Rights != e.Rights {
					t.Errorf("%s by %v: listed with rights %b, Stat has %b", name, policy.Rules, q.Rights, e.Rights)
				}
			}
		}
	}
}

// attempts says how to find out whether rights hold.
func attempts(t *testing.T, p vfs.Path, e vfs.Entry) map[vfs.Rights]func(context.Context, vfs.FS) error {
	below := func(name string) vfs.Path {
		q, err := p.Join(name)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	rename := func(ctx context.Context, f vfs.FS) error {
		err := f.Rename(ctx, p, below("../renamed"), vfs.Rename{})
		if errors.Is(err, vfs.ErrPermission) && !e.IsDir() {
			// Who may not make new names may still replace a file.
			err = f.Rename(ctx, p, below("../z"), vfs.Rename{})
		}
		return err
	}
	if e.IsDir() {
		return map[vfs.Rights]func(context.Context, vfs.FS) error{
			vfs.MayEnter: func(ctx context.Context, f vfs.FS) error { _, err := f.Stat(ctx, p); return err },
			vfs.MayList: func(ctx context.Context, f vfs.FS) error {
				for _, err := range f.List(ctx, p, vfs.WantAll) {
					if err != nil {
						return err
					}
				}
				return nil
			},
			vfs.MayCreate: func(ctx context.Context, f vfs.FS) error { return put(ctx, f, below("new"), vfs.Create{}, "") },
			vfs.MayMkdir:  func(ctx context.Context, f vfs.FS) error { return f.Mkdir(ctx, below("new")) },
			vfs.MayDelete: func(ctx context.Context, f vfs.FS) error { return f.Rmdir(ctx, p) },
			vfs.MayRename: rename,
		}
	}
	return map[vfs.Rights]func(context.Context, vfs.FS) error{
		vfs.MayRename: rename,
		vfs.MayRead:   func(ctx context.Context, f vfs.FS) error { _, err := get(ctx, f, p); return err },
		vfs.MayWrite:  func(ctx context.Context, f vfs.FS) error { return put(ctx, f, p, vfs.Create{}, "") },
		vfs.MayAppend: func(ctx context.Context, f vfs.FS) error { return put(ctx, f, p, vfs.Create{Append: true}, "") },
		vfs.MayDelete: func(ctx context.Context, f vfs.FS) error { return f.Remove(ctx, p) },
	}
}
