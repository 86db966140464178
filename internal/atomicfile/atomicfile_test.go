package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inFolder gives what files hold, by their names.
func inFolder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(data)
	}
	return out
}

// expect compares a folder with what it is to hold: nothing may be left beside it.
func expect(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if d := cmp.Diff(want, inFolder(t, dir)); d != "" {
		t.Errorf("the folder (-want +got):\n%s", d)
	}
}

// with makes a folder in which f holds a text.
func with(t *testing.T, text string) (dir, name string) {
	t.Helper()
	dir = t.TempDir()
	name = filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, name
}

func TestWriteReplaces(t *testing.T) {
	dir, name := with(t, "the old one, which is longer")
	for _, o := range []Options{{}, {Unsynced: true}, {Temp: name + ".tmp"}} {
		if err := Write(name, []byte("new"), o); err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		expect(t, dir, map[string]string{"f": "new"})
	}
	if err := Write(name, nil, Options{}); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, map[string]string{"f": ""})
}

func TestMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no such bits")
	}
	for _, c := range []struct{ mode, want fs.FileMode }{{0, 0o600}, {0o600, 0o600}, {0o644, 0o644}, {0o666, 0o666}, {0o400, 0o400}} {
		for _, fresh := range []bool{false, true} {
			dir, name := with(t, "old") // its mode does not matter
			if fresh {
				name += "2"
			}
			before := fs.FileMode(0)
			err := WriteFrom(name, Options{Mode: c.mode, New: fresh}, func(io.Writer) error {
				for n := range inFolder(t, dir) {
					if info, err := os.Stat(filepath.Join(dir, n)); err == nil && strings.HasPrefix(n, ".new-") {
						before = info.Mode().Perm()
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(name)
			if err != nil || info.Mode().Perm() != c.want || before != private {
				t.Errorf("mode %v, new %v: %v, and %v before the content; %v", c.mode, fresh, info.Mode(), before, err)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	dir, name := with(t, "old")
	if err := Write(name, []byte("new"), Options{New: true}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want fs.ErrExist", err)
	}
	expect(t, dir, map[string]string{"f": "old"})
	if err := Write(name+"2", []byte("new"), Options{New: true, Mode: 0o644}); err != nil {
		t.Error(err)
	}
	expect(t, dir, map[string]string{"f": "old", "f2": "new"})
}

// Of many that write a new file at once one wins, and its content is what is there.
func TestNewTogether(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	var mu sync.Mutex
	var won []string
	var wg sync.WaitGroup
	for i := range 16 {
		text := strings.Repeat(string(rune('a'+i)), 10_000)
		wg.Go(func() {
			err := Write(name, []byte(text), Options{New: true, Unsynced: true})
			if err != nil && !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				won = append(won, text)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d have won", len(won))
	}
	expect(t, dir, map[string]string{"f": won[0]})
}

// A link is what is replaced, and what it leads to stays as it was; a new file is not
// written in the place of one, even one that leads nowhere.
func TestLink(t *testing.T) {
	dir, target := with(t, "target")
	link, lost := filepath.Join(dir, "link"), filepath.Join(dir, "lost")
	if err := errors.Join(os.Symlink("f", link), os.Symlink("nowhere", lost)); err != nil {
		t.Skip("no links here: ", err)
	}
	for _, name := range []string{link, lost} {
		if err := Write(name, []byte("new"), Options{New: true}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: error %v, want fs.ErrExist", name, err)
		}
	}
	if err := os.Remove(lost); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, map[string]string{"f": "target", "link": "target"})
	if err := Write(link, []byte("new"), Options{}); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, map[string]string{"f": "target", "link": "new"})

	// Nothing is written through a link that lies at the name of the file beside.
	if err := os.Symlink(target, name(dir, "trap")); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, []byte("newer"), Options{Temp: name(dir, "trap")}); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, map[string]string{"f": "target", "link": "newer"})
}

func name(dir, file string) string { return filepath.Join(dir, file) }

// What a crash has left under the name of Temp goes, with its rights.
func TestTempLeftByCrash(t *testing.T) {
	dir, file := with(t, "old")
	temp := file + ".tmp"
	if err := os.WriteFile(temp, []byte("half of something that was long"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(file, []byte("new"), Options{Temp: temp}); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, map[string]string{"f": "new"})
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != private {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

var errTest = errors.New("as the test wants it")

// Each failure leaves what was there, and nothing beside it.
func TestFailure(t *testing.T) {
	half := func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, errTest)
	}
	whole := func(w io.Writer) error {
		_, err := io.WriteString(w, "new")
		return err
	}
	ok := system()
	for _, c := range []struct {
		name    string
		options Options
		content func(io.Writer) error
		steps   steps
	}{
		{"content", Options{}, half, ok},
		{"before", Options{Before: func(string) error { return errTest }}, whole, ok},
		{"sync", Options{}, whole, steps{func(*os.File) error { return errTest }, ok.place, ok.syncDir}},
		{"place", Options{}, whole, steps{ok.sync, func(string, string, bool) error { return errTest }, ok.syncDir}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, file := with(t, "old")
			for _, temp := range []string{"", file + ".tmp"} {
				c.options.Temp = temp
				if err := write(file, c.options, c.content, c.steps); !errors.Is(err, errTest) {
					t.Errorf("error %v", err)
				}
				expect(t, dir, map[string]string{"f": "old"})
			}
		})
	}
}

func TestNoFolder(t *testing.T) {
	dir, file := with(t, "old")
	for _, name := range []string{filepath.Join(dir, "missing", "f"), filepath.Join(file, "f")} {
		for _, o := range []Options{{}, {New: true}, {Temp: name + ".tmp"}} {
			if err := Write(name, []byte("new"), o); err == nil {
				t.Errorf("%s, %+v: no error", name, o)
			}
		}
	}
	// A folder is no file that can be replaced.
	if err := os.MkdirAll(filepath.Join(dir, "d", "e"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "d"), []byte("new"), Options{}); err == nil {
		t.Error("a folder was replaced")
	}
	if err := os.RemoveAll(filepath.Join(dir, "d")); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, map[string]string{"f": "old"})
}

func TestUnwritableFolder(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("rights of folders do not hold this user")
	}
	dir, file := with(t, "old")
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // else it cannot be deleted
	for _, o := range []Options{{}, {New: true}, {Temp: file + ".tmp"}} {
		if err := Write(file, []byte("new"), o); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%+v: error %v, want fs.ErrPermission", o, err)
		}
	}
	expect(t, dir, map[string]string{"f": "old"})
}

// The content is on the disk before the name says so, and the name before Write returns.
func TestOrder(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		dir, file := with(t, "old")
		before := "old"
		if fresh {
			file, before = file+"2", "nothing"
		}
		var order []string
		step := func(what string) {
			data, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				data = []byte("nothing")
			}
			order = append(order, what+": "+string(data))
		}
		ok := system()
		spied := steps{
			sync: func(f *os.File) error {
				if data, err := os.ReadFile(f.Name()); string(data) != "new" {
					t.Errorf("%q is synced, %v", data, err)
				}
				step("sync")
				return ok.sync(f)
			},
			place: func(temp, name string, fresh bool) error {
				step("place")
				return ok.place(temp, name, fresh)
			},
			syncDir: func(d string) error {
				if d != dir {
					t.Errorf("the folder %s is synced", d)
				}
				step("folder")
				return errTest
			},
		}
		o := Options{New: fresh, Before: func(string) error { step("before"); return nil }}
		content := func(w io.Writer) error {
			_, err := io.WriteString(w, "new")
			step("content")
			return err
		}
		if err := write(file, o, content, spied); !errors.Is(err, errTest) {
			t.Errorf("the folder is not synced, and the error is %v", err)
		}
		want := []string{"content: " + before, "before: " + before, "sync: " + before, "place: " + before, "folder: new"}
		if !slices.Equal(order, want) {
			t.Errorf("new %v: %q, want %q", fresh, order, want)
		}

		order = nil
		o.Unsynced, o.New = true, false
		if err := write(file, o, content, spied); err != nil {
			t.Error(err)
		}
		if want := []string{"content: new", "before: new", "place: new"}; !slices.Equal(order, want) {
			t.Errorf("unsynced: %q, want %q", order, want)
		}
	}
}

func TestSyncDir(t *testing.T) {
	if err := SyncDir(os.Open, t.TempDir()); err != nil {
		t.Error(err)
	}
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := SyncDir(root.Open, "."); err != nil {
		t.Error(err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := SyncDir(os.Open, filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	// What cannot be synced answers EINVAL, as a pipe does: no error.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if serr := r.Sync(); !errors.Is(serr, syscall.EINVAL) && !errors.Is(serr, errors.ErrUnsupported) {
		t.Skip("a pipe says ", serr)
	}
	if err := SyncDir(func(string) (*os.File, error) { return r, nil }, ""); err != nil {
		t.Error(err)
	}
}
