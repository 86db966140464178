package cli

import (
	"errors"
	"testing"

	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/memfs"
)

// countedFS knows whether it is open.
type countedFS struct {
	vfs.FS
	open *int
}

func (f countedFS) Close() error {
	*f.open--
	return f.FS.Close()
}

// Neither end of a folder stays open, whichever cannot be opened.
func TestOpenTrees(t *testing.T) {
	failed := errors.New("it cannot be opened")
	for _, upload := range []bool{false, true} {
		open := 0
		good := func() (vfs.FS, error) {
			open++
			return countedFS{memfs.New(), &open}, nil
		}
		bad := func() (vfs.FS, error) { return nil, failed }
		for name, ends := range map[string][2]func() (vfs.FS, error){"server": {bad, good}, "here": {good, bad}} {
			if got, err := openTrees(ends[0], ends[1], upload); !errors.Is(err, failed) || got != nil || open != 0 {
				t.Errorf("%s, upload %v: %d open, %v, %v", name, upload, open, got, err)
			}
		}
		both, err := openTrees(good, good, upload)
		if err != nil || open != 2 {
			t.Fatalf("%d open, %v", open, err)
		}
		if both.close(); open != 0 {
			t.Errorf("%d open behind the end", open)
		}
	}
}

// What is read is the server's end for a download, and the one here for an upload.
func TestOpenTreesDirection(t *testing.T) {
	server, here := memfs.New(), memfs.New()
	remote := func() (vfs.FS, error) { return server, nil }
	local := func() (vfs.FS, error) { return here, nil }
	if got, err := openTrees(remote, local, false); err != nil || got.from != vfs.FS(server) || got.to != vfs.FS(here) {
		t.Errorf("download: %+v, %v", got, err)
	}
	if got, err := openTrees(remote, local, true); err != nil || got.from != vfs.FS(here) || got.to != vfs.FS(server) {
		t.Errorf("upload: %+v, %v", got, err)
	}
}
