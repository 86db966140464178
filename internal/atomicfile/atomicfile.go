// Package atomicfile gives files their content in one step: beside it, to the disk,
// and then under its name.
//
// Whatever ends the program or the machine, and at whatever moment, the name holds what
// it held before (perhaps nothing) or all of the new content, with its final rights; never
// a part, and never for a moment with rights that are too wide. Once Write has returned
// nil, it is the new content, after a power cut too. What a crash can leave is a file
// beside it, whose name begins with ".new-" or is Options.Temp, for its owner only.
//
// It is for files that a program keeps for itself. Those that are served are the business
// of the storage drivers.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// private is the mode that every file has until its content is whole.
const private fs.FileMode = 0o600

// Options change what Write does. The zero value replaces what is there by a file for its
// owner only.
type Options struct {
	// Mode is the rights of the file, whatever the umask; 0 is 0600. Windows has no such
	// bits.
	Mode fs.FileMode
	// New has Write fail with fs.ErrExist if there is anything under the name, a link that
	// leads nowhere too. Of several writers at once one wins. Where a file system has no
	// hard links (FAT), two writers at the same moment may both win, one behind the other.
	New bool
	// Temp is the whole name of the file beside, which must be in the same folder; empty:
	// a name of its own each time. It is for who is the only writer, and has large files or
	// many: what a crash has left under that name goes at the next write.
	Temp string
	// Unsynced does not wait for the disk. A crash of the program still does no harm, but a
	// power cut may leave any content, or none.
	Unsynced bool
	// Before is called with the name of the file beside when its content is whole, and
	// before it goes to the disk and under its own name; an error ends the write. It may
	// give the file to another user.
	Before func(temp string) error
}

// Write puts data under name. After an error the name holds what it held, and nothing is
// left beside it; only an error of the sync of the folder comes when name has the new
// content already. A link at name is replaced itself, not what it leads to.
func Write(name string, data []byte, o Options) error {
	return WriteFrom(name, o, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteFrom is Write with what content writes.
func WriteFrom(name string, o Options, content func(io.Writer) error) error {
	return write(name, o, content, system())
}

// steps are those that a power cut can come between.
type steps struct {
	sync    func(*os.File) error
	place   func(temp, name string, fresh bool) error
	syncDir func(dir string) error
}

func system() steps {
	return steps{(*os.File).Sync, place, func(dir string) error { return SyncDir(os.Open, dir) }}
}

func write(name string, o Options, content func(io.Writer) error, to steps) error {
	f, err := create(filepath.Dir(name), o.Temp)
	if err != nil {
		return err
	}
	err = fill(f, o, content, to)
	if err = errors.Join(err, f.Close()); err == nil {
		err = to.place(f.Name(), name, o.New)
	}
	if err != nil {
		// What cannot be removed tells less than why it is there.
		_ = os.Remove(f.Name())
		return err
	}
	if o.Unsynced {
		return nil
	}
	return to.syncDir(filepath.Dir(name))
}

// create makes the file beside, which nobody else can have made: O_EXCL follows no link
// that somebody has laid.
func create(dir, temp string) (*os.File, error) {
	if temp == "" {
		return os.CreateTemp(dir, ".new-*") // private
	}
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, private)
}

func fill(f *os.File, o Options, content func(io.Writer) error, to steps) error {
	if err := content(f); err != nil {
		return err
	}
	// FAT and others, on which all files have one mode, refuse to change it.
	if o.Mode != 0 && o.Mode != private && runtime.GOOS != "windows" {
		if err := f.Chmod(o.Mode); err != nil {
			return err
		}
	}
	if o.Before != nil {
		if err := o.Before(f.Name()); err != nil {
			return err
		}
	}
	if o.Unsynced {
		return nil
	}
	return to.sync(f)
}

// place gives the file temp its name. A link fails when name is there, which a rename
// does not; a rename serves file systems without links.
func place(temp, name string, fresh bool) error {
	if !fresh {
		return os.Rename(temp, name)
	}
	err := os.Link(temp, name)
	if err == nil {
		_ = os.Remove(temp) // the file is under its name, which is what was asked for
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	switch _, lerr := os.Lstat(name); {
	case lerr == nil:
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	case !errors.Is(lerr, fs.ErrNotExist):
		return lerr
	}
	return os.Rename(temp, name)
}

// SyncDir makes the names in a folder outlive a power cut. open is os.Open, or that of an
// os.Root. On Windows it does nothing: NTFS logs a rename itself, and folders cannot be
// synced. Some file systems (FUSE, network) say that they cannot either, which is no error:
// there is nothing more to be done.
func SyncDir(open func(name string) (*os.File, error), dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
