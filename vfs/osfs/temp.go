package osfs

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"

	"github.com/sealane/sealane/vfs"
)

const (
	tempPrefix = ".sealane-"
	tempSuffix = ".part"
)

// tempName makes the name of an upload in progress: 128 random bits, so that
// nobody can guess it, and it never meets another (S-85).
func tempName() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, says crypto/rand
	id := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
	return tempPrefix + strings.ToLower(id) + tempSuffix
}

// isTemp reports whether name is one that tempName could have made, or one
// that a disk which ignores case takes for it. ToUpper rather than ToLower: it
// folds U+017F (long s) too, as such disks do.
func isTemp(name string) bool {
	if !strings.HasPrefix(name, ".") {
		return false
	}
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, ".SEALANE-") && strings.HasSuffix(name, ".PART")
}

// mayFind is asked before p is looked for: hidden names are not there.
func mayFind(ctx context.Context, p vfs.Path) error {
	return check(ctx, p, vfs.ErrNotExist)
}

// mayMake is asked before p is made: hidden names are taken.
func mayMake(ctx context.Context, p vfs.Path) error {
	return check(ctx, p, vfs.ErrBadName)
}

func check(ctx context.Context, p vfs.Path, hidden error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.IsRoot() {
		return nil
	}
	for name := range strings.SplitSeq(p.Rel(), "/") {
		if isTemp(name) {
			return hidden
		}
		if !nameAllowed(name) {
			return vfs.ErrBadName
		}
	}
	return nil
}
