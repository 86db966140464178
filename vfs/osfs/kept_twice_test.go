//go:build unix

package osfs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// D-04: without a journal a power cut may bring back the kept name of an upload
// that was committed since. It is then one file with the committed one, which
// nothing that is done to the kept name may change.
func TestKeptNameOfCommittedFile(t *testing.T) {
	for name, do := range map[string]func(f *FS) error{
		"found": func(f *FS) error {
			if n := unfinishedSize(t, f, "/f"); n != -1 {
				t.Errorf("%d bytes are found", n)
			}
			return nil
		},
		"continued": func(f *FS) error {
			if err := put(t, f, "/f", vfs.Create{Offset: 2}, "x"); err != nil {
				return err
			}
			return put(t, f, "/f", vfs.Create{}, "committed") // Offset was meant for the file
		},
		"appended to": func(f *FS) error {
			if err := put(t, f, "/f", vfs.Create{Append: true}, "x"); err != nil {
				return err
			}
			return put(t, f, "/f", vfs.Create{}, "committed")
		},
		"swept": func(f *FS) error { f.folder.sweep(); return nil },
		"swept while it was continued": func(f *FS) error {
			hidden, kept := filepath.Join(f.folder.root.Name(), hiddenName), f.rules.keptName(mustPath(t, "/f"))
			if err := os.Rename(filepath.Join(hidden, kept), filepath.Join(hidden, kept+".random.3")); err != nil {
				return err
			}
			f.folder.sweep()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := mustOpen(t, dir, noSync)
			must(t, breakOff(t, f, "/other", vfs.Create{}, "kept"))
			must(t, put(t, f, "/f", vfs.Create{}, "committed"))
			must(t, os.Link(filepath.Join(dir, "f"), filepath.Join(dir, hiddenName, f.rules.keptName(mustPath(t, "/f")))))
			must(t, do(f))
			if got := readFile(t, filepath.Join(dir, "f")); got != "committed" {
				t.Errorf("the file is %q", got)
			}
			if names := onDisk(t, filepath.Join(dir, hiddenName)); len(names) != 1 {
				t.Errorf("in the hidden folder: %q", names)
			}
			if n := unfinishedSize(t, f, "/other"); n != 4 {
				t.Errorf("of another upload: %d bytes", n)
			}
		})
	}
}

// The same, when the committed file gets its second name between the look at the
// kept one and the taking of it.
func TestKeptNameTakenTwice(t *testing.T) {
	top := t.TempDir()
	linked := filepath.Join(top, "linked")
	f := mustOpen(t, top, noSync, func(s *settings) {
		rename := s.calls.rename
		s.calls.rename = func(from *dir, a string, to *dir, b string) error {
			if isKept(a) {
				must(t, os.Link(filepath.Join(top, hiddenName, a), linked))
			}
			return rename(from, a, to, b)
		}
	})
	must(t, breakOff(t, f, "/f", vfs.Create{}, "broken"))
	if err := put(t, f, "/f", vfs.Create{Offset: 2}, "x"); !errors.Is(err, vfs.ErrUnfinished) {
		t.Errorf("continued: %v", err)
	}
	if got := readFile(t, linked); got != "broken" {
		t.Errorf("the file is %q", got)
	}
	if names := onDisk(t, filepath.Join(top, hiddenName)); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
}
