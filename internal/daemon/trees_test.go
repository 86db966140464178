package daemon

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/vfs"
)

func clean(t *testing.T, name string) vfs.Path {
	t.Helper()
	p, err := vfs.Clean(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// put uploads a file.
func put(t *testing.T, tree vfs.FS, name, content string, how vfs.Create) error {
	t.Helper()
	up, err := tree.Create(t.Context(), clean(t, name), how)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(up, content); err != nil {
		return errors.Join(err, up.Abort(err))
	}
	_, err = up.Commit(t.Context())
	return err
}

// Each setting of an account does in its tree what it says, and nothing without it
// (S-73, S-78, S-87).
func TestTrees(t *testing.T) {
	mask := uint32(0o077)
	for _, test := range []struct {
		name    string
		storage config.Storage
		check   func(t *testing.T, tree vfs.FS, dir string)
	}{
		{"nothing set", config.Storage{}, func(t *testing.T, tree vfs.FS, _ string) {
			for _, step := range []error{put(t, tree, "/old", "new", vfs.Create{}), put(t, tree, "/.x", "", vfs.Create{}), put(t, tree, "/a.exe", "", vfs.Create{})} {
				if step != nil {
					t.Error(step)
				}
			}
			if c := tree.Caps(); c.Durability != vfs.DurableFull || c.InPlace || !c.Resume {
				t.Errorf("%+v", c)
			}
		}},
		{"durability", config.Storage{Durability: config.DurabilityProcess}, func(t *testing.T, tree vfs.FS, _ string) {
			if c := tree.Caps(); c.Durability != vfs.DurableProcess {
				t.Errorf("%+v", c)
			}
		}},
		{"direct", config.Storage{Uploads: config.UploadsDirect}, func(t *testing.T, tree vfs.FS, _ string) {
			if c := tree.Caps(); !c.InPlace {
				t.Errorf("%+v", c)
			}
		}},
		{"read only", config.Storage{ReadOnly: true}, func(t *testing.T, tree vfs.FS, _ string) {
			refused(t, put(t, tree, "/new", "", vfs.Create{}), vfs.ErrPermission)
		}},
		{"no overwrite", config.Storage{NoOverwrite: true}, func(t *testing.T, tree vfs.FS, _ string) {
			refused(t, put(t, tree, "/new", "", vfs.Create{}), nil)
			for _, how := range []vfs.Create{{}, {Append: true}, {Offset: 1}} {
				if err := put(t, tree, "/old", "x", how); !errors.Is(err, vfs.ErrPermission) && !errors.Is(err, vfs.ErrExist) {
					t.Errorf("%+v: %v", how, err)
				}
			}
		}},
		{"names", config.Storage{HideDots: true, Refuse: []string{"*.exe"}, Windows: true}, func(t *testing.T, tree vfs.FS, _ string) {
			for _, name := range []string{"/.x", "/a.exe", "/CON", "/a:b"} {
				refused(t, put(t, tree, name, "", vfs.Create{}), vfs.ErrBadName)
			}
			_, err := tree.Stat(t.Context(), clean(t, "/.hidden"))
			refused(t, err, vfs.ErrNotExist)
		}},
		{"quota", config.Storage{QuotaBytes: 10, QuotaFiles: 4}, func(t *testing.T, tree vfs.FS, _ string) {
			// "old" and ".hidden" hold 3 bytes each, and count.
			refused(t, put(t, tree, "/a", "12345", vfs.Create{}), vfs.ErrQuota)
			refused(t, put(t, tree, "/a", "1234", vfs.Create{}), nil)
			refused(t, put(t, tree, "/b", "", vfs.Create{}), nil)
			refused(t, put(t, tree, "/c", "", vfs.Create{}), vfs.ErrQuota)
		}},
		{"modes", config.Storage{Umask: &mask, FileMode: 0o660}, func(t *testing.T, tree vfs.FS, dir string) {
			refused(t, put(t, tree, "/new", "", vfs.Create{}), nil)
			info, err := os.Stat(filepath.Join(dir, "new"))
			if err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"old", ".hidden"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(name[:3]), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			trees := newTrees(config.Default(), dir, newFolders())
			t.Cleanup(func() { trees.Close() })
			tree, err := trees.account(t.Context(), config.Account{Name: "anna", Storage: test.storage})
			if err != nil {
				t.Fatal(err)
			}
			test.check(t, tree, dir)
		})
	}
}

func refused(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Folders of their own, mounts, and one folder that two accounts share: it is
// opened once, and what broke off belongs to the account that sent it.
func TestTreesFolders(t *testing.T) {
	shared, own, archive := t.TempDir(), t.TempDir(), t.TempDir()
	trees := newTrees(config.Default(), shared, newFolders())
	t.Cleanup(func() { trees.Close() })
	account := func(a config.Account) vfs.FS {
		tree, err := trees.account(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	anna, bob := account(config.Account{Name: "anna"}), account(config.Account{Name: "bob"})
	carl := account(config.Account{Name: "carl", Storage: config.Storage{Dir: own, Mounts: []config.Mounted{
		{At: "/archive", Dir: archive, ReadOnly: true}, {At: "/in", Dir: shared},
	}}})
	if len(trees.open) != 3 {
		t.Errorf("%d folders are open", len(trees.open))
	}
	refused(t, put(t, anna, "/a", "a", vfs.Create{}), nil)
	refused(t, put(t, carl, "/c", "c", vfs.Create{}), nil)
	refused(t, put(t, carl, "/in/c", "c", vfs.Create{}), nil)
	refused(t, put(t, carl, "/archive/c", "c", vfs.Create{}), vfs.ErrPermission)
	for name, want := range map[string]bool{filepath.Join(shared, "a"): true, filepath.Join(own, "c"): true, filepath.Join(shared, "c"): true, filepath.Join(archive, "c"): false} {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}

	up, err := anna.Create(t.Context(), clean(t, "/half"), vfs.Create{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(up, "half"); err != nil {
		t.Fatal(err)
	}
	refused(t, up.Abort(vfs.ErrInterrupted), nil)
	if e, err := anna.Unfinished(t.Context(), clean(t, "/half")); err != nil || e.Size != 4 {
		t.Errorf("%+v, %v", e, err)
	}
	_, err = bob.Unfinished(t.Context(), clean(t, "/half"))
	refused(t, err, vfs.ErrNotExist)
}

// A folder that is not there keeps the server from starting, and the hint says so.
func TestTreesMistakes(t *testing.T) {
	trees := newTrees(config.Default(), t.TempDir(), newFolders())
	t.Cleanup(func() { trees.Close() })
	for _, s := range []config.Storage{
		{Dir: filepath.Join(t.TempDir(), "none")},
		{Mounts: []config.Mounted{{At: "/x", Dir: filepath.Join(t.TempDir(), "none")}}},
	} {
		list := []config.Account{{Name: "anna", PasswordHash: "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", Storage: s}}
		var start *StartError
		if _, err := book(t.Context(), list, trees); !errors.As(err, &start) || start.Hint() != "make the folder, or name another one" {
			t.Errorf("%v", err)
		}
	}
}

// The rates of an account hold for all its sessions together: here two uploads of
// three bytes each, at a byte a second.
func TestTreesRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trees := newTrees(config.Default(), t.TempDir(), newFolders())
		defer trees.Close()
		tree, err := trees.account(t.Context(), config.Account{Name: "anna", Storage: config.Storage{RateUp: 1, RateDown: 1}})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		done := make(chan error, 2)
		for _, name := range []string{"/a", "/b"} {
			go func() { done <- put(t, tree, name, "123", vfs.Create{}) }()
		}
		for range 2 {
			refused(t, <-done, nil)
		}
		if took := time.Since(began); took < 4*time.Second || took > 8*time.Second {
			t.Errorf("six bytes up at one a second took %v", took)
		}
		began = time.Now()
		f, err := tree.Open(t.Context(), clean(t, "/a"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if b, err := io.ReadAll(f); err != nil || string(b) != "123" {
			t.Errorf("%q, %v", b, err)
		}
		if took := time.Since(began); took < 2*time.Second {
			t.Errorf("three bytes down at one a second took %v", took)
		}
	})
}
