package osfs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sealane/sealane/vfs"
)

// An upload that broke off is a file in the hidden folder, whose name is all
// that is noted of it: OWNER-KEY, with hashes of the owner and of owner and path.
// While a session continues it, it is called OWNER-KEY.RANDOM.SIZE and locked, so
// that nobody else finds it; SIZE is how many of its bytes were there at that
// moment, and are whole if the server is killed.

// ownerHash is the first part of these names.
func ownerHash(owner string) string {
	sum := sha256.Sum256([]byte(owner))
	return text32(sum[:16])
}

// keptName is the name of the owner's upload to p that broke off.
func (r rules) keptName(p vfs.Path) string {
	sum := sha256.Sum256([]byte(r.Owner + "\x00" + p.String()))
	return r.owner + "-" + text32(sum[:])
}

// keptLength is that of every kept name: 16 and 32 bytes in base 32.
const keptLength = 26 + 1 + 52

// isKept reports whether name is that of an upload which broke off, and isTaken
// whether it is that of one that is being continued; then size is the last part.
func isKept(name string) bool {
	return len(name) == keptLength && name[26] == '-' && !strings.Contains(name, ".")
}

func isTaken(name string) (kept string, size int64, ok bool) {
	kept, rest, _ := strings.Cut(name, ".")
	_, digits, found := strings.Cut(rest, ".")
	size, err := strconv.ParseInt(digits, 10, 64)
	return kept, size, found && err == nil && size >= 0 && isKept(kept)
}

// Unfinished implements vfs.FS.
func (f *FS) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := f.mayFind(ctx, p); err != nil {
		return vfs.Entry{}, f.fail("find an upload of", p, err)
	}
	in, ok := f.broken(p)
	if !ok {
		return vfs.Entry{}, f.fail("find an upload of", p, vfs.ErrNotExist)
	}
	e := in.entry(p.Base(), vfs.WantInfo)
	e.Rights = vfs.MayAppend | vfs.MayWrite | vfs.MayDelete
	return e, nil
}

// broken finds the upload to p that broke off, unless it is too old.
func (f *FS) broken(p vfs.Path) (info, bool) {
	if !f.resumes() || p.IsRoot() {
		return info{}, false
	}
	h := f.kept()
	if h == nil {
		return info{}, false
	}
	defer f.folder.leave()
	name := f.rules.keptName(p)
	in, err := h.stat(name, false)
	if err == nil && in.linked() {
		f.folder.dropLinked(h, name)
		return info{}, false
	}
	return in, err == nil && in.mode.IsRegular() && !f.folder.expired(in)
}

// linked reports whether the file has another name. What is kept has one; but a
// power cut on a disk without a journal can bring a kept name back after the file
// was committed, and then what is written to it is written to that.
func (in info) linked() bool { return in.mode.IsRegular() && in.links > 1 }

// dropLinked takes a kept name from a file that has another. It looks once more:
// a sweep that puts an upload back may give it two for a moment.
func (t *folder) dropLinked(h *dir, name string) {
	t.kept.Lock()
	defer t.kept.Unlock()
	if in, err := h.stat(name, false); err == nil && in.linked() {
		_ = t.calls.unlink(h, name) // the next who finds it tries again
	}
}

// kept is the hidden folder if there is one. The caller must leave then.
func (f *FS) kept() *dir {
	if f.folder.enter() != nil {
		return nil
	}
	h, err := f.folder.hiddenDir(false)
	if err != nil || h == nil {
		f.folder.leave()
		return nil
	}
	return h
}

func (t *folder) expired(in info) bool { return int64(t.now().Sub(in.mod)) > t.keepFor.Load() }

// forget drops the upload to p that broke off, and reports whether there was one.
func (f *FS) forget(p vfs.Path) bool {
	if !f.resumes() || p.IsRoot() {
		return false
	}
	h := f.kept()
	if h == nil {
		return false
	}
	defer f.folder.leave()
	return f.folder.calls.unlink(h, f.rules.keptName(p)) == nil
}

// takeUp goes on with the upload that broke off, after its first n bytes. From
// here on it is found by nobody else: two who try have one winner.
func (u *upload) takeUp(n int64) error {
	t := u.fs.folder
	t.kept.Lock()
	defer t.kept.Unlock()
	h, err := t.hiddenDir(false)
	if err != nil || h == nil {
		return errors.Join(err, vfs.ErrUnfinished)
	}
	kept := u.fs.rules.keptName(u.path)
	temp := fmt.Sprintf("%s.%s.%d", kept, random(), n)
	if err := t.calls.rename(h, kept, h, temp); err != nil {
		if isNotExist(err) {
			return vfs.ErrUnfinished // another was faster
		}
		return err
	}
	u.home, u.temp, u.offset = h, temp, n
	u.file, err = t.calls.openWrite(h, temp)
	if err == nil {
		err = u.lock()
	}
	if err == nil {
		var in info
		if in, err = statFile(u.file, false); err == nil && in.linked() {
			return vfs.ErrUnfinished // discard drops the name, and nothing else
		}
	}
	if err == nil {
		err = u.cut(n)
	}
	if err != nil {
		u.putBack(kept) // let it be found again
	}
	if errors.Is(err, errLocked) {
		return vfs.ErrUnfinished // another server looks at it just now
	}
	return err
}

// putBack gives an upload that could not be continued its kept name again.
func (u *upload) putBack(kept string) {
	if u.fs.folder.calls.rename(u.home, u.temp, u.home, kept) == nil {
		u.temp = ""
	}
}

// keep puts the upload where Unfinished finds it.
func (u *upload) keep() error {
	home := u.place()
	if home == u.dir || u.temp != "" && u.home != home {
		return u.discard() // on a disk that has no hidden folder
	}
	calls, kept := u.fs.folder.calls, u.fs.rules.keptName(u.path)
	if u.fs.rules.full {
		if err := calls.fsync(u.file); err != nil {
			return err
		}
	}
	// The hidden folder stays open for long; a sync is asked of a descriptor that
	// has seen no other fail.
	h, err := home.openDir(".")
	if err != nil {
		return err
	}
	defer h.close()
	c := u.fs.changing(h)
	defer c.end()
	if err := u.putAway(kept); err != nil {
		return err
	}
	u.file.Close()
	if err := c.sync(); err != nil {
		// Nobody was promised anything yet, but bytes that may be wrong after a
		// power cut are worse than none.
		return errors.Join(err, calls.unlink(u.home, kept))
	}
	return nil
}

// putAway gives the upload its kept name, and drops older ones for it.
func (u *upload) putAway(kept string) error {
	t := u.fs.folder
	t.kept.Lock()
	defer t.kept.Unlock()
	if u.temp == "" {
		if err := u.nameIt(); err != nil {
			return err
		}
	}
	if err := t.calls.rename(u.home, u.temp, u.home, kept); err != nil {
		return err
	}
	u.temp = ""
	t.trim(u.home, u.fs.rules.owner)
	return nil
}

// keptFile is one that counts against the bytes of its owner.
type keptFile struct {
	name string
	in   info
}

// trim drops the oldest of what is kept for owner until it is within its bound.
// It needs the lock of kept.
func (t *folder) trim(h *dir, owner string) {
	var files []keptFile
	for name := range h.names() {
		if isKept(name) && strings.HasPrefix(name, owner) {
			if in, err := h.stat(name, false); err == nil {
				files = append(files, keptFile{name, in})
			}
		}
	}
	t.trimFiles(h, files, owner)
}

// limit is the bound of an owner whom For was asked for.
func (t *folder) limit(owner string) (bytes int64, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	bytes, known = t.limits[owner]
	return bytes, known
}

// maxKept is how many uploads are kept for one owner, so that empty ones do not
// add up for nothing.
const maxKept = 1000

// trimFiles leaves the files of an owner alone of whom nothing is known yet.
func (t *folder) trimFiles(h *dir, files []keptFile, owner string) {
	limit, known := t.limit(owner)
	if !known {
		return
	}
	// One that could never fit goes, and none of the others for it.
	files = slices.DeleteFunc(files, func(f keptFile) bool {
		if f.in.size <= limit {
			return false
		}
		_ = t.calls.unlink(h, f.name) // the next sweep tries again
		return true
	})
	// The newest first: those that fit stay.
	slices.SortFunc(files, func(a, b keptFile) int {
		if c := b.in.mod.Compare(a.in.mod); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	var used int64
	for i, f := range files {
		used += f.in.size
		if used > limit || i >= maxKept {
			_ = t.calls.unlink(h, f.name) // the next sweep tries again
		}
	}
}
