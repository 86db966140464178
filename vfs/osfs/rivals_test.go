package osfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// F-24, S-77: two servers append to one file of a folder that neither has changed
// before. Whatever was acknowledged is in the file.
func TestFirstAppendsOfTwoServers(t *testing.T) {
	for range 60 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "log"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		var done sync.WaitGroup
		acked := make(chan byte, 8)
		for server := range 2 {
			f := open(t, dir)
			for client := range 4 {
				up, err := f.Create(t.Context(), path(t, "/log"), vfs.Create{Append: true})
				if err != nil {
					t.Fatal(err)
				}
				done.Go(func() {
					entry := byte('a' + 4*server + client)
					if _, err := up.Write([]byte{entry}); err != nil {
						t.Error(err)
					}
					switch _, err := up.Commit(t.Context()); {
					case err == nil:
						acked <- entry
					case !errors.Is(err, vfs.ErrConflict):
						t.Error(err)
					}
				})
			}
		}
		done.Wait()
		close(acked)
		content, err := os.ReadFile(filepath.Join(dir, "log"))
		if err != nil || len(content) != len(acked) {
			t.Fatalf("%d appends were acknowledged, and the file is %q, %v", len(acked), content, err)
		}
	}
}
