package osfs

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"io/fs"
	"strings"

	"github.com/sealane/sealane/vfs"
)

const (
	// hiddenName is the folder of everything that has no place of its own: uploads
	// in progress that need a name, and those that broke off.
	hiddenName = ".sealane"
	tempPrefix = ".sealane-"
	tempSuffix = ".part"
	tempMode   = 0o600 // keeps uploads from other users of the machine
)

var errLocked = errors.New("in use by another process")

// random is 128 bits as text, so that nobody can guess it, and it never meets
// another (S-85).
func random() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, says crypto/rand
	return text32(b[:])
}

// text32 is safe as a file name, also where case does not count.
func text32(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// tempName makes the name of an upload in progress.
func tempName() string { return tempPrefix + random() + tempSuffix }

// isHidden reports whether name is that of the hidden folder, or one that
// tempName could have made, or one that a disk which ignores case takes for it.
// ToUpper rather than ToLower: it folds U+017F (long s) too, as such disks do.
func isHidden(name string) bool {
	if !strings.HasPrefix(name, ".") {
		return false
	}
	name = strings.ToUpper(name)
	return name == ".SEALANE" || strings.HasPrefix(name, ".SEALANE-") && strings.HasSuffix(name, ".PART")
}

// mayFind is asked before p is looked for: hidden names are not there.
func (f *FS) mayFind(ctx context.Context, p vfs.Path) error {
	return f.check(ctx, p, vfs.ErrNotExist)
}

// mayMake is asked before p is made: hidden names are taken.
func (f *FS) mayMake(ctx context.Context, p vfs.Path) error {
	return f.check(ctx, p, vfs.ErrBadName)
}

func (f *FS) check(ctx context.Context, p vfs.Path, hidden error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.closed.Load() || f.folder.closed.Load() {
		return fs.ErrClosed
	}
	if p.IsRoot() {
		return nil
	}
	for name := range strings.SplitSeq(p.Rel(), "/") {
		if isHidden(name) {
			return hidden
		}
		if !nameAllowed(name) {
			return vfs.ErrBadName
		}
	}
	return nil
}

// hiddenDir is the hidden folder, which stays open as long as the folder is; nil
// if there is none and make is false.
func (t *folder) hiddenDir(make bool) (*dir, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hidden != nil {
		// Somebody may have removed it from the disk.
		if t.hidden.alive() {
			return t.hidden, nil
		}
		t.gone, t.hidden = append(t.gone, t.hidden), nil
	}
	h, err := t.top.openDir(hiddenName)
	if errors.Is(err, fs.ErrNotExist) {
		if !make {
			return nil, nil
		}
		if err = t.calls.mkdir(t.top, hiddenName); err == nil || errors.Is(err, fs.ErrExist) {
			h, err = t.top.openDir(hiddenName)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := h.private(); err != nil {
		h.close()
		return nil, err
	}
	t.hidden = h
	t.watch()
	return h, nil
}

// hiddenIfOpen is the hidden folder if this process uses it already.
func (t *folder) hiddenIfOpen() *dir {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hidden
}

// samePlace reports whether a file can be moved from a to b.
func samePlace(a, b *dir) bool {
	return a.self.id.dev == b.self.id.dev && a.self.mount == b.self.mount
}
