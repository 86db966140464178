package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/sealane/sealane/vfs"
)

// fail wraps err with what was tried, and gives it the sentinel of vfs. The
// system's own error goes in as text only: ENOTEMPTY, for one, would answer to
// fs.ErrExist as well.
func (f *FS) fail(op string, p vfs.Path, err error) error {
	if s := f.folder.sentinel(err); s != nil {
		return fmt.Errorf("osfs: cannot %s %q: %w (%v)", op, p, s, err)
	}
	return fmt.Errorf("osfs: cannot %s %q: %w", op, p, err)
}

// sentinel is nil for errors that need none: those of vfs, of context, and
// those that the os package matches with io/fs by itself.
func (t *folder) sentinel(err error) error {
	// A link that leads out is refused rather than denied to exist: its name
	// is listed anyway.
	if errors.Is(err, t.escape) {
		return vfs.ErrPermission
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errnoSentinel(errno)
	}
	return nil
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
