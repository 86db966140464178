package osfs

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/sealane/sealane/vfs"
)

// publish gives the file its name, in one step. A new name for a file that has
// none needs no lock: the system itself refuses one that is taken.
func (u *upload) publish() error {
	if u.temp == "" && !u.replaces && !u.how.Append {
		err := u.link(u.dir, u.path.Base())
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	defer u.fs.folder.lockNames()()
	// Somebody outside may make and remove the name again and again.
	for range 16 {
		now, there, err := u.now()
		if err != nil {
			return err
		}
		if u.how.Append && (there != u.replaces || there && !u.old.sameVersion(now)) {
			return vfs.ErrConflict
		}
		if there {
			return u.replace()
		}
		err = u.appear()
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return vfs.ErrConflict
}

// now describes the file at the target.
func (u *upload) now() (now info, there bool, err error) {
	now, there, err = u.fs.target(u.dir, u.path, u.how)
	if u.how.Append && errors.Is(err, vfs.ErrNotRegular) && now.isLink() {
		return now, there, vfs.ErrConflict // it led to a file once
	}
	return now, there, err
}

// appear gives the file a name that is free.
func (u *upload) appear() error {
	t := u.fs.folder
	if u.temp == "" {
		return u.link(u.dir, u.path.Base())
	}
	err := t.calls.renameNew(u.home, u.temp, u.dir, u.path.Base())
	if errors.Is(t.sentinel(err), vfs.ErrUnsupported) || errors.Is(err, fs.ErrPermission) {
		// No hard links here, and no call for it either (vfat, some FUSE).
		err = t.calls.rename(u.home, u.temp, u.dir, u.path.Base())
	}
	if err == nil {
		u.temp = ""
	}
	return err
}

// replace puts the file in the place of another. A file without a name gets one
// for that moment.
func (u *upload) replace() error {
	if u.temp == "" {
		if err := u.nameIt(); err != nil {
			return err
		}
	}
	err := u.fs.folder.calls.rename(u.home, u.temp, u.dir, u.path.Base())
	if err == nil {
		u.temp = ""
	}
	return err
}

// nameIt gives the file a hidden name. It is locked first, so that no sweep can
// take it for one that was left behind.
func (u *upload) nameIt() error {
	if err := u.fs.folder.calls.lock(u.file); errors.Is(err, errLocked) {
		return err
	}
	home, temp := u.place(), tempName()
	err := u.link(home, temp)
	if errors.Is(err, syscall.EXDEV) && home != u.dir {
		home = u.dir
		err = u.link(home, temp)
	}
	if err == nil {
		u.home, u.temp = home, temp
	}
	return err
}

func (u *upload) link(d *dir, name string) error {
	t := u.fs.folder
	return t.calls.linkFile(u.file, t.method.link, d, name)
}
