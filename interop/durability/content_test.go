//go:build interop && linux

package durability

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	kib = 1 << 10
	mib = 1 << 20

	headerLen = 80
	leastSize = headerLen + sha256.Size
)

// body is a file that describes itself: a header with its name, version and
// length, a pattern that depends on them, and a hash of it all. Whatever is
// missing, doubled, mixed or from another version shows.
func body(name string, version, size int) []byte {
	size = max(size, leastSize)
	b := make([]byte, size)
	copy(b, fmt.Sprintf("%-*s\n", headerLen-1, fmt.Sprintf("sealane %s %d %d", name, version, size)))
	source := rand.NewChaCha8(sha256.Sum256(b[:headerLen]))
	source.Read(b[headerLen : size-sha256.Size])
	h := sha256.Sum256(b[:size-sha256.Size])
	copy(b[size-sha256.Size:], h[:])
	return b
}

// whole checks that a file is one that body made, and whole; it says which.
func whole(b []byte) (name string, version int, err error) {
	var size int
	if len(b) < leastSize {
		return "", 0, fmt.Errorf("%d bytes, which is shorter than any file", len(b))
	}
	if _, err := fmt.Sscanf(string(b[:headerLen]), "sealane %s %d %d", &name, &version, &size); err != nil {
		return "", 0, fmt.Errorf("no header: %q", b[:headerLen])
	}
	h := sha256.Sum256(b[:len(b)-sha256.Size])
	switch {
	case len(b) != size:
		return "", 0, fmt.Errorf("version %d of %s has %d of %d bytes", version, name, len(b), size)
	case !bytes.Equal(h[:], b[len(b)-sha256.Size:]):
		return "", 0, fmt.Errorf("version %d of %s has all its %d bytes, and not the right ones", version, name, size)
	}
	return name, version, nil
}

// TestBody: what makes a file partial is seen.
func TestBody(t *testing.T) {
	good, other := body("a", 1, 5000), body("a", 2, 5000)
	if name, version, err := whole(good); err != nil || name != "a" || version != 1 {
		t.Fatalf("got %q, %d, %v", name, version, err)
	}
	zeros := bytes.Clone(good)
	clear(zeros[1000:2000])
	for what, b := range map[string][]byte{
		"empty": nil, "cut": good[:4999], "longer": append(bytes.Clone(good), 0), "header": good[:headerLen],
		"hole": zeros, "mixed": append(bytes.Clone(good[:2500]), other[2500:]...), "foreign": bytes.Repeat([]byte("x"), 5000),
	} {
		if _, _, err := whole(b); err == nil {
			t.Errorf("%s: taken for whole", what)
		}
	}
}

// sizes of uploads: mostly small ones, as they come and go in large numbers, and
// some that are caught in the middle.
func anySize(r *rand.Rand) int {
	switch r.IntN(10) {
	case 0, 1, 2:
		return leastSize + r.IntN(4*kib)
	case 3, 4, 5:
		return r.IntN(128 * kib)
	case 6, 7, 8:
		return r.IntN(mib)
	}
	return r.IntN(6 * mib)
}

// state is what a name stands for: a version of a file, or one of these.
type state int

const (
	nothing   state = 0
	directory state = -1
	broken    state = -2 // a file that is not whole, or not of this name's line
)

func (s state) String() string {
	switch s {
	case nothing:
		return "nothing"
	case directory:
		return "a directory"
	case broken:
		return "a partial file"
	}
	return fmt.Sprintf("version %d", int(s))
}

// private is the folder in which the server keeps uploads that are not finished.
const private = ".sealane"

// survey reads all that is below a folder, but for the server's own folder, and
// says what is wrong with files that are not whole.
func survey(t *testing.T, dir string) (found map[string]state, wrong []string) {
	t.Helper()
	found = map[string]state{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		switch {
		case err != nil:
			return err
		case rel == ".":
			return nil
		case rel == private:
			return fs.SkipDir
		case d.IsDir():
			found[rel] = directory
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found[rel], err = judge(rel, b)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", rel, err))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, wrong
}

// judge says which version b is, and what is wrong if it is broken. The header
// must have the name of the file up to the first "~", so that a file that was
// renamed to "name~other" can be told from one that was mixed up.
func judge(path string, b []byte) (state, error) {
	name, version, err := whole(b)
	line, _, _ := strings.Cut(filepath.Base(path), "~")
	switch {
	case err != nil:
		return broken, err
	case name != line:
		return broken, fmt.Errorf("it has the content of %s", name)
	}
	return state(version), nil
}

// leftovers lists what is in the server's own folder: path and size.
func leftovers(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	err := filepath.WalkDir(filepath.Join(dir, private), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if os.IsNotExist(err) {
				return nil
			}
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		found[path] = info.Size()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
