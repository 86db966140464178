package vfs

import (
	"context"
	"io"
	"iter"
	"time"
)

// FS is a tree of files. All methods may be called at the same time from
// several goroutines. Errors wrap the sentinels of this package; their text may
// hold paths of the machine and is for the log, never for a peer.
//
// The caller of a method that returns a File or an Upload owns it and must end
// it: a File by Close, an Upload by exactly one of Commit and Abort.
type FS interface {
	// Caps says what this storage can do; it does not change.
	Caps() Caps

	// Stat describes p. Links are followed within the tree.
	Stat(ctx context.Context, p Path) (Entry, error)

	// List streams the entries of directory p in no particular order, without
	// "." and "..", and without uploads that are not committed. An error ends
	// the sequence; what came before it is then incomplete. An entry that
	// vanishes while it is listed is left out.
	List(ctx context.Context, p Path) iter.Seq2[Entry, error]

	// Open opens the regular file p for reading. A directory is ErrIsDir, any
	// other kind ErrNotRegular; neither ever blocks.
	Open(ctx context.Context, p Path) (File, error)

	// Create begins an upload to p. Nothing is seen under p before Commit. The
	// directory must exist. An existing directory is ErrIsDir, an offset beyond
	// the end of the existing file ErrOffset.
	Create(ctx context.Context, p Path, how Create) (Upload, error)

	// Mkdir makes one directory; its parent must exist.
	Mkdir(ctx context.Context, p Path) error

	// Remove deletes a file (a directory is ErrIsDir).
	Remove(ctx context.Context, p Path) error

	// Rmdir deletes an empty directory (else ErrNotDir, ErrNotEmpty). The root
	// cannot be deleted: ErrPermission.
	Rmdir(ctx context.Context, p Path) error

	// Rename moves a file or directory. A file at the target is replaced in one
	// step; a directory at the target is ErrExist, and so is a file where a
	// directory is moved to. A directory cannot be moved below itself:
	// ErrBadName. The root is ErrPermission on either side. Onto itself does
	// nothing.
	Rename(ctx context.Context, from, to Path) error

	// SetAttr changes attributes of an existing file or directory.
	SetAttr(ctx context.Context, p Path, a Attr) error

	// Close gives back what the FS holds. Files and uploads that are still open
	// stay usable until they are ended.
	Close() error
}

// Caps says what a storage can do.
type Caps struct {
	Write      bool // anything can be changed at all
	SetModTime bool // SetAttr can set ModTime
}

// Create says how an upload relates to a file that is there already.
type Create struct {
	// Offset keeps the first Offset bytes of the existing file and writes
	// behind them (REST). 0 starts anew.
	Offset int64
	// Append writes behind the end of the existing file, if there is one
	// (APPE). Offset must be 0.
	Append bool
}

// Attr names the attributes to change; a zero field is left alone.
type Attr struct {
	ModTime time.Time
}

// File is a regular file open for reading: the bytes of the version that was
// there when it was opened. It is for one goroutine at a time.
type File interface {
	io.ReadSeekCloser
	// Entry describes the file as it was when opened.
	Entry() Entry
}

// Upload is a file in the making. Writes are for one goroutine at a time.
type Upload interface {
	io.Writer
	// Commit makes the file whole and visible under its name in one step, and
	// returns only when it would survive a power cut. After an error nothing
	// has become visible and the old file, if any, is untouched. An Append
	// whose file was changed by someone else since Create is ErrConflict.
	Commit(ctx context.Context) (Entry, error)
	// Abort gives the upload up; cause says why and is for the log. Abort after
	// Commit or Abort does nothing.
	Abort(cause error) error
}
