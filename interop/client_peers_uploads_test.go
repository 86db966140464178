//go:build interop && linux

package interop

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// T-13, C-10: 20 uploads of 300 KB at a time, each by a program of its own: none is
// lost, and none that was called a success is another than was sent. INTEROP_ROUNDS
// says how often.
func TestClientParallelUploads(t *testing.T) {
	const files, size = 20, 300_000
	rounds := 2
	if text := os.Getenv("INTEROP_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil || rounds < 1 {
			t.Fatalf("INTEROP_ROUNDS=%s is no number of rounds", text)
		}
	}
	eachPeer(t, func(t *testing.T, a *account) {
		// One session makes the peer known: 20 that write it down at once are another test.
		a.must(t, "ls", a.url("/"))
		dir := t.TempDir()
		var lost, untrue int
		for round := range rounds {
			var all sync.WaitGroup
			errs := make([]error, files)
			sent := make([][]byte, files)
			for i := range files {
				sent[i] = bytes.Repeat([]byte(fmt.Sprintf("round %d, file %d\n", round, i)), size/16)[:size]
				local := filepath.Join(dir, strconv.Itoa(i))
				if err := os.WriteFile(local, sent[i], 0o600); err != nil {
					t.Fatal(err)
				}
				all.Go(func() { _, _, errs[i] = a.sealane(t, "put", local, a.url("/"+strconv.Itoa(i))) })
			}
			all.Wait()
			for i, err := range errs {
				got, readErr := os.ReadFile(filepath.Join(a.tree, strconv.Itoa(i)))
				whole := readErr == nil && bytes.Equal(got, sent[i])
				switch {
				case err == nil && !whole:
					untrue++
					t.Errorf("round %d, file %d: success, and %d bytes are there, %v", round, i, len(got), readErr)
				case err != nil:
					lost++
					t.Errorf("round %d, file %d: %v", round, i, err)
				}
			}
		}
		t.Logf("%d uploads, %d lost, %d false successes", rounds*files, lost, untrue)
	})
}
