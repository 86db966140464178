package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/vfs"
)

// folder is what all views of one folder share.
type folder struct {
	root    *os.Root
	top     *dir
	escape  error // what os.Root says of a path that leads out of it
	calls   calls
	method  method
	keepFor atomic.Int64 // a time.Duration
	now     func() time.Time
	syncs   syncs

	// names makes looking at a target and renaming over it one step; see
	// lockNames. Nothing slow (no sync, no copy) is done under it.
	names sync.Mutex
	// kept makes several calls for an upload that broke off one step. Nothing slow
	// is done under it, either.
	kept sync.Mutex

	closed atomic.Bool
	mu     sync.Mutex
	hidden *dir             // nil until it is needed
	gone   []*dir           // hidden folders that somebody removed
	users  int              // the opener, and every upload in progress
	limits map[string]int64 // by the hash of the owner
	timer  *time.Timer      // the next sweep
}

func newFolder(root *os.Root, s settings) (*folder, error) {
	t := &folder{root: root, calls: s.calls, now: s.now, users: 1, limits: map[string]int64{}}
	t.keepFor.Store(int64(s.keepFor))
	// The os package has no name for this error, and matching its text would
	// break in silence; so it is asked for once.
	_, err := root.Lstat("..")
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		return nil, fmt.Errorf("os.Root does not hold it: %v", err)
	}
	t.escape = pe.Err
	if t.top, err = openDir(root, "."); err != nil {
		return nil, err
	}
	t.method = s.method(t.top)
	// The hidden folder is made when it is needed. One that is there and is not
	// ours, or that cannot be made, will not do.
	h, err := t.hiddenDir(false)
	if err != nil || h == nil && !t.top.writable(".") {
		t.method.noHidden = true
	}
	t.sweep()
	return t, nil
}

// openDir opens directory p. The hidden folder is not there, whatever link leads
// to it.
func (t *folder) openDir(p vfs.Path) (*dir, error) {
	d, err := openDir(t.root, p.Rel())
	if err != nil {
		return nil, err
	}
	if h := t.hiddenIfOpen(); h != nil && sameFile(h.self, d.self) {
		d.close()
		return nil, vfs.ErrNotExist
	}
	return d, nil
}

// changing must be called before a name in d is changed. The sync of what it
// returns then makes the names in d survive a power cut, where the account is
// promised that. d must be a descriptor that has not failed to sync yet: one that
// was opened for this change.
func (f *FS) changing(d *dir) *change {
	if !f.rules.full {
		return nil
	}
	t := f.folder
	return t.syncs.begin(d.self.id, func() error { return t.calls.syncDir(d) })
}

// lockNames keeps names in this folder as they are, for the other users of it in
// this process and for other processes that serve it (F-24), until unlock.
// Processes meet at the folder itself: the hidden one may not be there yet, and is
// not known to a server that has had no use for it.
func (t *folder) lockNames() (unlock func()) {
	t.names.Lock()
	t.top.hold()
	return func() {
		t.top.release()
		t.names.Unlock()
	}
}

// enter keeps the folder open until leave, unless it is closed already.
func (t *folder) enter() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed.Load() {
		return fs.ErrClosed
	}
	t.users++
	return nil
}

func (t *folder) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users--; t.users > 0 {
		return
	}
	if t.timer != nil {
		t.timer.Stop()
	}
	for _, d := range append(t.gone, t.hidden, t.top) {
		if d != nil {
			d.close()
		}
	}
	t.root.Close()
}

// close ends the folder for all but the uploads in progress.
func (t *folder) close() {
	t.closed.Store(true)
	t.mu.Lock()
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	t.leave()
}

// canGive tries whether new files can be given to whom r says. Where no file can
// be made, there is nothing to give.
func (t *folder) canGive(r rules) error {
	if r.uid < 0 && r.gid < 0 {
		return nil
	}
	if err := t.enter(); err != nil {
		return err
	}
	defer t.leave()
	u := &upload{fs: &FS{folder: t, rules: r}, dir: t.top}
	if err := u.open(); err != nil {
		return nil
	}
	err := t.calls.chown(u.file, r.uid, r.gid)
	u.discard()
	if err != nil {
		return fmt.Errorf("osfs: this process may not give files to user %d, group %d (-1: unchanged): %w; "+
			"run it as that user, or with the privilege to change owners", r.uid, r.gid, err)
	}
	return nil
}

func (t *folder) setLimit(owner string, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limits[owner] = bytes
}
