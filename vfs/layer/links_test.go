package layer_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/osfs"
)

// linked makes a folder of files, by content, and of links, by "@" and target.
func linked(t *testing.T, names map[string]string) *osfs.FS {
	t.Helper()
	dir := t.TempDir()
	for name, content := range names {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if content[0] != '@' {
			if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Symlink(content[1:], full); err != nil {
			t.Skip("the system makes no links: ", err)
		}
	}
	f, err := osfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// S-73, S-71: a relative link that is moved, alone or in its directory, would lead
// past a rule; where all rules are the same it may be moved.
func TestAccessMovedLinks(t *testing.T) {
	for _, test := range []struct {
		from, to string
		want     error // under different rules
	}{
		{"/pub/deep/to-file", "/pub/to-file", vfs.ErrPermission},
		{"/pub/deep/to-dir", "/pub/to-dir", vfs.ErrPermission},
		{"/pub/deep/dangling", "/pub/dangling", vfs.ErrPermission},
		{"/pub/deep/to-file", "/pub/deep/renamed", vfs.ErrPermission},
		{"/pub/deep/dir", "/pub/dir", vfs.ErrPermission},
		{"/pub/deep/outer", "/pub/other/outer", vfs.ErrPermission},
		{"/pub/deep/empty", "/pub/empty", nil},
		// In its place a directory leaves the links in it to lead where they did.
		{"/pub/deep/dir", "/pub/deep/renamed", nil},
		{"/pub/deep", "/pub/renamed", nil},
		{"/pub/deep/file", "/pub/file", nil},
		{"/pub/deep/file", "/pub/deep/to-file", nil},
		// Onto itself nothing is moved.
		{"/pub/deep/dir", "/pub/deep/dir", nil},
	} {
		for _, uniform := range []bool{false, true} {
			disk := linked(t, map[string]string{
				"secret/f": "secret", "pub/secret/f": "open", "pub/deep/file": "file", "pub/other/f": "f",
				"pub/deep/to-file": "@../secret/f", "pub/deep/to-dir": "@../secret", "pub/deep/dangling": "@../../none/f",
				"pub/deep/dir/l": "@../../secret/f", "pub/deep/empty/f": "f",
				"pub/deep/outer/f": "f", "pub/deep/outer/inner/in/l": "@none",
			})
			want, rules := test.want, []layer.Rule{{Folder: path(t, "/pub"), Allow: layer.AllowAll}}
			if uniform {
				want, rules = nil, everything()
			}
			f := access(t, disk, layer.Policy{Rules: rules})
			from, to := path(t, test.from), path(t, test.to)
			e, err := f.Stat(t.Context(), from)
			if err != nil {
				t.Fatal(err)
			}
			if may := e.Rights&vfs.MayRename != 0; e.Link && may != uniform {
				t.Errorf("%s: rights %b, uniform %v", from, e.Rights, uniform)
			}
			wantErr(t, test.from+" to "+test.to, f.Rename(t.Context(), from, to, vfs.Rename{}), want)
		}
	}
}

// A link counts as its name: with it go no bytes, whatever it leads to.
func TestQuotaLinks(t *testing.T) {
	ctx := t.Context()
	disk := linked(t, map[string]string{
		"d/file": "0123456789", "d/small": "123", "to-file": "@d/file", "to-dir": "@d", "dangling": "@none", "second": "@d/file",
		"third": "@d/file", "fourth": "@d/file",
	})
	start, err := layer.Count(ctx, disk)
	if want := (layer.Usage{Bytes: 13, Files: 9}); start != want || err != nil {
		t.Errorf("Count = %+v, %v; want %+v", start, err, want)
	}
	b := layer.NewBudget(layer.NewCounter(start), layer.Usage{})
	f := layer.Quota(disk, b, "a")
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"remove a link", func() error { return f.Remove(ctx, path(t, "/second")) }},
		{"remove one that dangles", func() error { return f.Remove(ctx, path(t, "/dangling")) }},
		{"rename over a link", func() error { return f.Rename(ctx, path(t, "/d/small"), path(t, "/to-file"), vfs.Rename{}) }},
		{"upload over a link", func() error { return put(ctx, f, path(t, "/third"), vfs.Create{}, "12345") }},
		{"append over a link", func() error { return put(ctx, f, path(t, "/fourth"), vfs.Create{Append: true}, "x") }},
		{"rename a link to a directory", func() error { return f.Rename(ctx, path(t, "/to-dir"), path(t, "/moved"), vfs.Rename{}) }},
		{"rename a link over a file", func() error { return f.Rename(ctx, path(t, "/moved"), path(t, "/third"), vfs.Rename{}) }},
		{"remove a link to a directory", func() error { return f.Remove(ctx, path(t, "/third")) }},
		{"remove the file", func() error { return f.Remove(ctx, path(t, "/d/file")) }},
	} {
		wantErr(t, step.what, step.do(), nil)
		recount(t, step.what, b, disk)
	}
}

// What is written in its place through a link counts with the file that it leads to.
func TestQuotaLinkInPlace(t *testing.T) {
	ctx := t.Context()
	disk := linked(t, map[string]string{"d/file": "0123456789", "link": "@d/file"})
	direct, err := disk.For(osfs.Policy{Direct: true})
	if err != nil {
		t.Fatal(err)
	}
	start, err := layer.Count(ctx, direct)
	if err != nil {
		t.Fatal(err)
	}
	b := layer.NewBudget(layer.NewCounter(start), layer.Usage{})
	f := layer.Quota(direct, b, "a")
	for _, how := range []vfs.Create{{Append: true}, {Offset: 2}, {}} {
		wantErr(t, "put", put(ctx, f, path(t, "/link"), how, "12345"), nil)
		recount(t, "put", b, direct)
		up, err := f.Create(ctx, path(t, "/link"), how)
		if err != nil {
			t.Fatal(err)
		}
		wantErr(t, "Abort", up.Abort(nil), nil)
		recount(t, "Abort", b, direct)
	}
}
