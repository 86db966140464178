package ftpfs_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
	"github.com/sealane/sealane/vfs/vfstest"
)

// put uploads a whole file.
func put(t *testing.T, f vfs.FS, name string, how vfs.Create, content string) error {
	t.Helper()
	up, err := f.Create(t.Context(), path(t, name), how)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(up, content); err != nil {
		return errors.Join(err, up.Abort(err))
	}
	_, err = up.Commit(t.Context())
	return err
}

// A small file costs no more commands than those that move and prove it.
func TestCommands(t *testing.T) {
	made := map[string]string{"/": "type=dir;"}
	for _, tt := range []struct {
		o    ftpfs.Options
		how  vfs.Create
		want string
	}{
		{ftpfs.Options{}, vfs.Create{}, "MFMT SIZE STOR"},
		{ftpfs.Options{}, vfs.Create{Exclusive: true}, "MFMT MLST SIZE STOR"},
		{ftpfs.Options{TempNames: true}, vfs.Create{}, "MFMT MLST RNFR RNTO SIZE STOR"},
		{ftpfs.Options{StatOnCommit: true}, vfs.Create{}, "MFMT MLST SIZE STOR"},
		{ftpfs.Options{}, vfs.Create{ModTime: time.Now()}, "MFMT SIZE STOR"},
	} {
		p := &pretend{answer: map[string]func(*ftptest.Session, string){
			"SIZE": says("213 5"), "MFMT": says("213 set"), "RNFR": says("350 and?"), "RNTO": says("250 done"), "STOR": takes,
			"MLST": func(s *ftptest.Session, arg string) {
				if tt.o.StatOnCommit {
					made["/f"] = "type=file;size=5;"
				}
				facts(made)(s, arg)
			},
		}}
		against(t, 1, tt.o, p.script, func(t *testing.T, f *ftpfs.FS) {
			if err := put(t, f, "/f", tt.how, "small"); err != nil {
				t.Fatal(err)
			}
			if !tt.how.ModTime.IsZero() {
				if got := p.said(); got != tt.want {
					t.Errorf("%+v %+v: said %s, want %s", tt.o, tt.how, got, tt.want)
				}
				return
			}
			if err := f.SetAttr(t.Context(), path(t, "/f"), vfs.Attr{ModTime: time.Now()}); err != nil {
				t.Error(err)
			}
			if got := p.said(); got != tt.want {
				t.Errorf("%+v %+v: said %s, want %s", tt.o, tt.how, got, tt.want)
			}
		})
	}
}

// Abort removes what is certainly of the upload, and nothing that may be older.
func TestAbort(t *testing.T) {
	inPlace := func(t *testing.T) vfs.FS {
		tree, err := osfs.Open(t.TempDir(), osfs.With(osfs.Policy{Direct: true}))
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	inMemory := func(*testing.T) vfs.FS { return memfs.New() }
	interrupted := fmt.Errorf("%w: by the test", vfs.ErrInterrupted)
	for _, tt := range []struct {
		name  string
		tree  func(*testing.T) vfs.FS
		o     ftpfs.Options
		how   vfs.Create
		old   string // "": none
		cause error
		left  bool // something has to be there afterwards
	}{
		{"atomic, over an old file", inMemory, ftpfs.Options{}, vfs.Create{}, "old", errGivenUp, true},
		{"atomic, append", inMemory, ftpfs.Options{}, vfs.Create{Append: true}, "old", errGivenUp, true},
		{"atomic, new", inMemory, ftpfs.Options{}, vfs.Create{}, "", errGivenUp, false},
		{"in place, over an old file", inPlace, ftpfs.Options{}, vfs.Create{}, "old", errGivenUp, true},
		{"in place, append", inPlace, ftpfs.Options{}, vfs.Create{Append: true}, "old", errGivenUp, true},
		{"in place, new by Exclusive", inPlace, ftpfs.Options{}, vfs.Create{Exclusive: true}, "", errGivenUp, false},
		{"in place, new by Append", inPlace, ftpfs.Options{}, vfs.Create{Append: true}, "", errGivenUp, false},
		{"in place, interrupted", inPlace, ftpfs.Options{}, vfs.Create{Exclusive: true}, "", interrupted, true},
		{"in place, perhaps old", inPlace, ftpfs.Options{}, vfs.Create{}, "", errGivenUp, true},
		{"in place, temp name", inPlace, ftpfs.Options{TempNames: true}, vfs.Create{}, "", errGivenUp, false},
		{"in place, temp name, interrupted", inPlace, ftpfs.Options{TempNames: true}, vfs.Create{}, "", interrupted, false},
		{"in place, temp name over an old file", inPlace, ftpfs.Options{TempNames: true}, vfs.Create{}, "old", errGivenUp, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree := tt.tree(t)
			f := serve(t, tree, "/", tt.o)
			if tt.old != "" {
				if err := put(t, tree, "/f", vfs.Create{}, tt.old); err != nil {
					t.Fatal(err)
				}
			}
			up, err := f.Create(t.Context(), path(t, "/f"), tt.how)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(up, strings.Repeat("new", 100)); err != nil {
				t.Fatal(err)
			}
			if err := up.Abort(tt.cause); err != nil {
				t.Error(err)
			}
			got, err := vfstest.Tree(t.Context(), tree)
			if _, there := got["f"]; err != nil || there != tt.left || len(got) > 1 {
				t.Errorf("there is %v, %v", got, err)
			}
			if !tt.tree(t).Caps().InPlace && tt.old != "" && got["f"] != tt.old {
				t.Errorf("the old file holds %q", got["f"])
			}
			if err := put(t, f, "/f", vfs.Create{Exclusive: true}, "newer"); (err != nil) != tt.left {
				t.Errorf("Create afterwards: %v", err)
			}
		})
	}
}

// A server that replaces nothing by RNTO has the old file removed first, and only then.
func TestTempNameOverFile(t *testing.T) {
	for name, tt := range map[string]struct {
		entry string
		want  error
		verbs string
	}{
		"file":      {"type=file;size=3;", nil, "DELE MLST MLST RNFR RNFR RNTO RNTO SIZE STOR"},
		"directory": {"type=dir;", vfs.ErrIsDir, "MLST"},
		"neither":   {"type=OS.unix=pipe;", vfs.ErrPermission, "DELE MLST MLST MLST RNFR RNTO SIZE STOR"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &pretend{answer: map[string]func(*ftptest.Session, string){
				"MLST": facts(map[string]string{"/f": tt.entry}), "SIZE": says("213 5"), "STOR": takes, "DELE": says("250 gone"),
				"RNFR": says("350 and?"), "RNTO": inTurn("550 it exists", "250 done"),
			}}
			against(t, 1, ftpfs.Options{TempNames: true}, p.script, func(t *testing.T, f *ftpfs.FS) {
				if err := put(t, f, "/f", vfs.Create{}, "small"); !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
				if got := p.said(); got != tt.verbs {
					t.Errorf("said %s, want %s", got, tt.verbs)
				}
			})
		})
	}
}

// A temporary name is no longer than a name may be, and List does not show it.
func TestTempNames(t *testing.T) {
	tree := memfs.New()
	f := serve(t, tree, "/", ftpfs.Options{TempNames: true})
	long := "/" + strings.Repeat("n", vfs.MaxName)
	if err := put(t, f, long, vfs.Create{}, "x"); err != nil {
		t.Error(err)
	}
	hidden, shown := ".f.abcdefghijk23.part", []string{".f.part", "f.abcdefghijk23.part", ".f.ABCDEFGHIJK23.part"}
	for _, name := range append(shown, hidden) {
		if err := put(t, tree, "/"+name, vfs.Create{}, "x"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := vfstest.Tree(t.Context(), f)
	if _, there := got[hidden]; err != nil || there || len(got) != 1+len(shown) {
		t.Errorf("%v, %v", got, err)
	}
}

// An upload that broke off, and that the server keeps, is no file until it is gone on
// with.
func TestKept(t *testing.T) {
	tree := memfs.New()
	f := serve(t, tree, "/", ftpfs.Options{})
	p := path(t, "/f")
	for _, how := range []vfs.Create{{Offset: 3}, {Exclusive: true}} {
		up, err := tree.Create(t.Context(), p, vfs.Create{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(up, "broken"); err != nil {
			t.Fatal(err)
		}
		if err := up.Abort(vfs.ErrInterrupted); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{second(f.Stat(t.Context(), p)), second(f.Open(t.Context(), p))} {
			if !errors.Is(err, vfs.ErrNotExist) {
				t.Errorf("%v", err)
			}
		}
		if e, err := f.Unfinished(t.Context(), p); err != nil || e.Size != 6 || e.Name != "f" || e.ModTime.IsZero() {
			t.Errorf("%+v, %v", e, err)
		}
		if _, err := f.Unfinished(t.Context(), path(t, "/other")); !errors.Is(err, vfs.ErrNotExist) {
			t.Errorf("%v", err)
		}
		if err := put(t, f, "/f", vfs.Create{Offset: 7}, "x"); !errors.Is(err, vfs.ErrOffset) {
			t.Errorf("an offset beyond it: %v", err)
		}
		if err := put(t, f, "/f", how, "whole"); err != nil {
			t.Errorf("%+v: %v", how, err)
		}
		want := map[string]string{"f": map[bool]string{true: "whole", false: "browhole"}[how.Exclusive]}
		if got, err := vfstest.Tree(t.Context(), tree); err != nil || got["f"] != want["f"] {
			t.Errorf("%+v: there is %v, %v", how, got, err)
		}
		if _, err := f.Unfinished(t.Context(), p); !errors.Is(err, vfs.ErrNotExist) {
			t.Errorf("of a whole file: %v", err)
		}
		if err := f.Remove(t.Context(), p); err != nil {
			t.Error(err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
