package trail

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"time"
)

// Finding is a place where a trail is not what was written.
type Finding struct {
	File string // name without the folder; "" if it is about the whole
	Line int    // number in the file, from 1; 0 if it is about the whole file
	Seq  uint64 // number of the line in the trail; 0 if it is not known
	What string // one sentence
}

// Report is what Verify has seen.
type Report struct {
	Files       int
	Lines       uint64
	First, Last uint64    // numbers
	From, To    time.Time // of these lines
	Checkpoints int       // with a right signature
	Unsigned    uint64    // lines behind the last of them
	Head        Head      // what the last line is
	Vouched     bool      // the file head, or the expected head, names the last line or one near it
	Losses      int64     // events that the trail itself says were lost
	Unfinished  int       // bytes behind the last line: it is being written, or was when the server died
	Findings    []Finding
	More        int // findings beyond those that are listed
}

// maxFindings bounds the list.
const maxFindings = 100

// Expect is what is known of a trail from elsewhere.
type Expect struct {
	// Key is the public key of the checkpoints; nil: that of the folder, which who
	// can write to the folder can exchange.
	Key ed25519.PublicKey
	// Heads are lines that must be in it.
	Heads []Head
}

// Verify reads all files of the trail in dir and reports every place where they are
// not what was written. A server may be writing meanwhile. The error says why it could
// not be done; findings are no error.
func Verify(ctx context.Context, dir string, want Expect) (*Report, error) {
	key := want.Key
	if key == nil {
		var err error
		if key, err = PublicKey(dir); err != nil {
			return nil, fmt.Errorf("no key to verify with: %w", err)
		}
	}
	for tries := 0; ; tries++ {
		v := &verifier{key: key, heads: want.Heads, r: &Report{}}
		// Before the lines: those that the server adds meanwhile are behind it.
		head, headErr := readHead(dir, key)
		if headErr == nil {
			v.heads = append(slices.Clip(v.heads), head)
		}
		whole, err := v.folder(ctx, dir)
		if err != nil {
			return nil, err
		}
		if tries < 3 && !whole {
			continue // deleted under our hands, as the settings say
		}
		v.finish(headErr)
		return v.r, nil
	}
}

// folder goes through all files of a folder, and reports whether none was deleted meanwhile.
func (v *verifier) folder(ctx context.Context, dir string) (whole bool, err error) {
	files, active, err := snapshot(dir)
	if err != nil {
		return false, err
	}
	v.files = len(files)
	if active != nil {
		v.files++
		defer active.Close()
	}
	whole = true
	for _, f := range files {
		there, err := v.file(ctx, f)
		if err != nil {
			return false, err
		}
		whole = whole && there
	}
	if active == nil {
		return whole, nil
	}
	return whole, v.lines(ctx, File{Name: activeFile, Active: true, dir: dir}, active)
}
