package osfs

import (
	"io"
	"io/fs"
	"os"
)

// calls are the calls to the system that change a disk, as functions: a test
// puts others in their place to see the order of them, and to have each fail.
type calls struct {
	tmpfile   func(d *dir) (*os.File, error)
	create    func(d *dir, name string) (*os.File, error)
	openWrite func(d *dir, name string) (*os.File, error)
	lock      func(f *os.File) error
	write     func(f *os.File, b []byte) (int, error)
	truncate  func(f *os.File, size int64) error
	clone     func(dst, src *os.File) error
	copy      func(dst, src *os.File, n int64) (int64, error)
	chmod     func(f *os.File, mode fs.FileMode) error
	chown     func(f *os.File, uid, gid int) error
	fsync     func(f *os.File) error
	flush     func(f *os.File) error
	linkFile  func(f *os.File, way linkWay, d *dir, name string) error
	rename    func(from *dir, a string, to *dir, b string) error
	renameNew func(from *dir, a string, to *dir, b string) error
	unlink    func(d *dir, name string) error
	rmdir     func(d *dir, name string) error
	mkdir     func(d *dir, name string) error
	symlink   func(d *dir, text, name string) error
	syncDir   func(d *dir) error
}

// system are the calls themselves.
func system() calls {
	return calls{
		tmpfile:   (*dir).tmpfile,
		create:    (*dir).create,
		openWrite: func(d *dir, name string) (*os.File, error) { return d.open(name, os.O_WRONLY) },
		lock:      lockFile,
		write:     (*os.File).Write,
		truncate:  (*os.File).Truncate,
		clone:     clone,
		// os.File.ReadFrom has the kernel copy where it can.
		copy:      func(dst, src *os.File, n int64) (int64, error) { return io.CopyN(dst, src, n) },
		chmod:     (*os.File).Chmod,
		chown:     (*os.File).Chown,
		fsync:     (*os.File).Sync,
		flush:     flush,
		linkFile:  linkFile,
		rename:    rename,
		renameNew: renameNew,
		unlink:    (*dir).unlink,
		rmdir:     (*dir).rmdir,
		mkdir:     (*dir).mkdir,
		symlink:   (*dir).symlink,
		syncDir:   (*dir).sync,
	}
}
