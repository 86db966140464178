package osfs_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

func TestSuite(t *testing.T) {
	for name, opts := range map[string][]osfs.Option{
		"full":     nil,
		"process":  {osfs.With(osfs.Policy{Durability: vfs.DurableProcess})},
		"direct":   {osfs.With(osfs.Policy{Direct: true}), osfs.NoSync()},
		"named":    {osfs.Named(), osfs.NoSync()},
		"nohidden": {osfs.Named(), osfs.NoHidden(), osfs.NoSync()},
	} {
		t.Run(name, func(t *testing.T) {
			vfstest.Run(t, func(t *testing.T) vfs.FS { return open(t, t.TempDir(), opts...) })
		})
	}
}

func open(t testing.TB, dir string, opts ...osfs.Option) *osfs.FS {
	t.Helper()
	f, err := osfs.Open(dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func path(t testing.TB, s string) vfs.Path {
	t.Helper()
	p, err := vfs.Clean(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// put uploads content to p, and fails the test if that fails.
func put(t testing.TB, f vfs.FS, p vfs.Path, how vfs.Create, content string) vfs.Entry {
	t.Helper()
	up, err := f.Create(t.Context(), p, how)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(up, content); err != nil {
		t.Fatal(err, up.Abort(err))
	}
	e, err := up.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func writeFile(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// diskNames are the names in a directory as the system sees them.
func diskNames(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// errorsOfAll tries every method on p and gives the errors by method.
func errorsOfAll(t *testing.T, f vfs.FS, p vfs.Path) map[string]error {
	t.Helper()
	ctx := t.Context()
	errs := map[string]error{}
	_, errs["Stat"] = f.Stat(ctx, p)
	for _, err := range f.List(ctx, p, vfs.WantAll) {
		errs["List"] = err
	}
	file, err := f.Open(ctx, p)
	if errs["Open"] = err; err == nil {
		file.Close()
	}
	for name, how := range map[string]vfs.Create{"Create": {}, "Append": {Append: true}, "Offset": {Offset: 1}} {
		up, err := f.Create(ctx, p, how)
		if errs[name] = err; err == nil {
			up.Abort(nil)
		}
	}
	errs["Mkdir"] = f.Mkdir(ctx, p)
	errs["SetAttr"] = f.SetAttr(ctx, p, vfs.Attr{ModTime: time.Unix(1e9, 0)})
	errs["Rename onto"] = f.Rename(ctx, path(t, "/spare"), p, vfs.Rename{})
	errs["Rename"] = f.Rename(ctx, p, path(t, "/renamed"), vfs.Rename{})
	errs["Rmdir"] = f.Rmdir(ctx, p)
	errs["Remove"] = f.Remove(ctx, p)
	return errs
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "file"), "")
	for _, name := range []string{"none", "file"} {
		if f, err := osfs.Open(filepath.Join(dir, name)); err == nil {
			f.Close()
			t.Errorf("Open of %s: no error", name)
		}
	}
}

// S-70: whatever is tried, nothing outside is seen or changed, not even in a
// sibling whose name has that of the root as a prefix.
func TestTraversal(t *testing.T) {
	top := t.TempDir()
	root, sibling := filepath.Join(top, "share"), filepath.Join(top, "share2")
	for _, dir := range []string{root, sibling, filepath.Join(root, "a")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(sibling, "secret"), "secret")
	writeFile(t, filepath.Join(top, "secret"), "secret")
	f := open(t, root)
	for _, prefix := range []string{
		"..", "/..", "//..", "/../..", "./..", "a/../..", "a/../../", "a/./.././..", `\..\`, `..\`, `a\..\..\`, `\\..`,
		"../share2", "/../share2", "../../share2", "2", "%2e%2e", "..%2f", "....//", "~", "C:", "C:/..",
		"a" + strings.Repeat("/..", 1000), strings.Repeat("../", 1300), strings.Repeat("a/../", 800) + "..",
		strings.Repeat("x", vfs.MaxName) + "/../..",
	} {
		for _, last := range []string{"/secret", "/new", `\secret`, "/../secret"} {
			p, err := vfs.Clean(prefix + last)
			if err != nil {
				t.Errorf("Clean(%q): %v", prefix+last, err)
				continue
			}
			for method, err := range errorsOfAll(t, f, p) {
				switch method {
				case "Create", "Append", "Mkdir", "SetAttr", "Rename":
					// May make a name inside the root, and go on with it.
				default:
					if err == nil {
						t.Errorf("%s of %q: no error", method, prefix+last)
					}
				}
			}
			if err := os.RemoveAll(filepath.Join(root, "renamed")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := diskNames(t, top); strings.Join(got, " ") != "secret share share2" {
		t.Errorf("beside the root: %q", got)
	}
	if got := diskNames(t, sibling); strings.Join(got, " ") != "secret" {
		t.Errorf("in the sibling: %q", got)
	}
	for _, name := range []string{filepath.Join(top, "secret"), filepath.Join(sibling, "secret")} {
		if b, err := os.ReadFile(name); err != nil || string(b) != "secret" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// S-70: the deepest path that can be asked for.
func TestDeepPath(t *testing.T) {
	f := open(t, t.TempDir())
	p := path(t, strings.Repeat("/d", vfs.MaxPath/2))
	if _, err := f.Stat(t.Context(), p); !errors.Is(err, vfs.ErrNotExist) {
		t.Errorf("Stat: %v", err)
	}
	if runtime.GOOS == "windows" {
		t.Skip("MAX_PATH")
	}
	var deep vfs.Path
	for deep.String() != p.String() {
		deep, _ = deep.Join("d")
		if err := f.Mkdir(t.Context(), deep); err != nil {
			t.Fatalf("after %d bytes: %v", len(deep.String()), err)
		}
		if len(deep.String()) > 400 {
			break
		}
	}
	file, _ := deep.Join(strings.Repeat("n", vfs.MaxName))
	put(t, f, file, vfs.Create{}, "deep")
	if e, err := f.Stat(t.Context(), file); err != nil || e.Size != 4 {
		t.Errorf("Stat = %+v, %v", e, err)
	}
}

// A failed Commit leaves no file behind on the disk.
func TestFailedCommitLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	up, err := f.Create(t.Context(), path(t, "/x"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Mkdir(t.Context(), path(t, "/x")); err != nil {
		t.Fatal(err)
	}
	if _, err := up.Commit(t.Context()); !errors.Is(err, vfs.ErrIsDir) {
		t.Errorf("Commit: %v", err)
	}
	if _, err := f.Create(t.Context(), path(t, "/new"), vfs.Create{Offset: 3}); !errors.Is(err, vfs.ErrOffset) {
		t.Errorf("Create: %v", err)
	}
	if got := diskNames(t, dir); len(got) != 1 {
		t.Errorf("on the disk: %q", got)
	}
}

// An upload follows its directory when that is renamed.
func TestDirectoryRenamedDuringUpload(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	if err := f.Mkdir(t.Context(), path(t, "/d")); err != nil {
		t.Fatal(err)
	}
	up, err := f.Create(t.Context(), path(t, "/d/f"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Rename(t.Context(), path(t, "/d"), path(t, "/e"), vfs.Rename{}); err != nil {
		up.Abort(err)
		t.Skipf("this system does not rename a directory in use: %v", err)
	}
	if _, err := up.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := diskNames(t, filepath.Join(dir, "e")); len(got) != 1 || got[0] != "f" {
		t.Errorf("in the directory: %q", got)
	}
}

// S-87: the umask is applied, an existing file's permissions are kept, but
// never setuid or setgid.
func TestMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	dir := t.TempDir()
	f := open(t, dir, osfs.With(osfs.Policy{Umask: new(fs.FileMode(0o027))}))
	if e := put(t, f, path(t, "/new"), vfs.Create{}, ""); e.Mode != 0o640 {
		t.Errorf("new file: %v", e.Mode)
	}
	if e := put(t, f, path(t, "/wanted"), vfs.Create{Mode: 0o666}, ""); e.Mode != 0o640 {
		t.Errorf("new file that was to be 0666: %v", e.Mode)
	}
	name := filepath.Join(dir, "old")
	writeFile(t, name, "")
	if err := os.Chmod(name, 0o604|fs.ModeSetuid|fs.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	if e := put(t, f, path(t, "/old"), vfs.Create{Append: true}, ""); e.Mode != 0o604 {
		t.Errorf("existing file: %v", e.Mode)
	}
	if err := f.Mkdir(t.Context(), path(t, "/d")); err != nil {
		t.Fatal(err)
	}
	if e, err := f.Stat(t.Context(), path(t, "/d")); err != nil || e.Mode.Perm()&0o027 != 0 {
		t.Errorf("directory: %v, %v", e.Mode, err)
	}
	up, err := f.Create(t.Context(), path(t, "/progress"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	defer up.Abort(nil)
	for _, name := range diskNames(t, dir) {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, ".sealane-") && info.Mode() != 0o600 {
			t.Errorf("upload in progress: %v", info.Mode())
		}
	}
}
