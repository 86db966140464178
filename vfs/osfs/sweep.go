package osfs

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// sweepEvery is the time between two sweeps of an open folder.
const sweepEvery = time.Hour

// watch has the hidden folder swept from time to time, as long as the folder is
// open; it needs the lock of mu.
func (t *folder) watch() {
	if t.timer == nil && !t.closed.Load() {
		t.timer = time.AfterFunc(sweepEvery, t.sweepLater)
	}
}

func (t *folder) sweepLater() {
	if t.enter() != nil {
		return
	}
	defer t.leave()
	t.sweep()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed.Load() {
		t.timer.Reset(sweepEvery)
	}
}

// sweep removes from the hidden folder what killed servers have left, and what is
// kept no longer. What another process is working with is locked, and stays.
// Errors are for the next sweep.
func (t *folder) sweep() {
	t.kept.Lock()
	defer t.kept.Unlock()
	h, err := t.hiddenDir(false)
	if err != nil || h == nil {
		return
	}
	for name := range h.names() {
		if isHidden(name) {
			t.sweepStray(h, name)
		} else if kept, size, ok := isTaken(name); ok {
			t.sweepTaken(h, name, kept, size)
		}
	}
	owners := map[string][]keptFile{}
	for name := range h.names() {
		if !isKept(name) {
			continue
		}
		in, err := h.stat(name, false)
		switch {
		case err != nil:
		case t.expired(in), in.linked():
			_ = t.calls.unlink(h, name)
		default:
			owner := name[:26]
			owners[owner] = append(owners[owner], keptFile{name, in})
		}
	}
	for owner, files := range owners {
		t.trimFiles(h, files, owner)
	}
}

// claim opens and locks a file that nobody works with.
func (t *folder) claim(h *dir, name string) (*os.File, error) {
	f, err := t.calls.openWrite(h, name)
	if err != nil {
		return nil, err
	}
	in, err := statFile(f, false)
	if err == nil {
		err = in.regular()
	}
	if err == nil {
		err = t.calls.lock(f)
		if err != nil && !errors.Is(err, errLocked) && t.expired(in) {
			err = nil // there are no locks here; nobody works that slowly
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// sweepStray removes an upload whose server was killed.
func (t *folder) sweepStray(h *dir, name string) bool {
	f, err := t.claim(h, name)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	return t.calls.unlink(h, name) == nil
}

// sweepTaken puts an upload back whose server was killed while it was continued.
// What came since may not have reached the disk, and is cut off.
func (t *folder) sweepTaken(h *dir, name, kept string, size int64) {
	f, err := t.claim(h, name)
	if err != nil {
		return
	}
	defer f.Close()
	in, err := statFile(f, false)
	whole := err == nil && in.size >= size && !in.linked()
	if whole && in.size > size {
		err = t.calls.truncate(f, size)
	}
	if whole && err == nil && t.calls.renameNew(h, name, h, kept) == nil {
		return
	}
	_ = t.calls.unlink(h, name)
}

// clear removes strays from a directory of the tree, and reports whether nothing
// else is in it.
func (t *folder) clear(d *dir) bool {
	for name := range d.names() {
		if !isHidden(name) || !t.sweepStray(d, name) {
			return false
		}
	}
	return true
}
