package vfs

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"time"
)

// FS is a tree of files, as one account sees it. All methods may be called at
// the same time from several goroutines. Errors wrap the sentinels of this
// package; their text may hold paths of the machine and is for the log, never
// for a peer.
//
// The caller of a method that returns a File or an Upload owns it and must end
// it: a File by Close, an Upload by exactly one of Commit and Abort.
type FS interface {
	// Caps says what this storage can do; it does not change.
	Caps() Caps

	// Stat describes p with every field that this storage knows. Links are
	// followed within the tree.
	Stat(ctx context.Context, p Path) (Entry, error)

	// List streams the entries of directory p in no particular order, without
	// "." and "..", and without uploads that are not committed. An entry has its
	// name and at least the fields of want; a driver leaves out the others if
	// that is cheaper. An error ends the sequence; what came before it is then
	// incomplete. An entry that vanishes while it is listed is left out.
	List(ctx context.Context, p Path, want Fields) iter.Seq2[Entry, error]

	// Open opens the regular file p for reading. A directory is ErrIsDir, any
	// other kind ErrNotRegular; neither ever blocks.
	Open(ctx context.Context, p Path) (File, error)

	// Create begins an upload to p. Nothing is seen under p before Commit. The
	// directory must exist. An existing directory is ErrIsDir, an offset beyond
	// the end of what is continued ErrOffset.
	Create(ctx context.Context, p Path, how Create) (Upload, error)

	// Unfinished describes the upload to p that broke off and was kept (see
	// Upload.Abort): how many bytes it has, and when the last came. It is known
	// to the account that made it and to nobody else. ErrNotExist if there is
	// none.
	Unfinished(ctx context.Context, p Path) (Entry, error)

	// Mkdir makes one directory; its parent must exist.
	Mkdir(ctx context.Context, p Path) error

	// Symlink makes p a symbolic link to target, which must be in this tree but
	// need not exist. Something at p is ErrExist.
	Symlink(ctx context.Context, target, p Path) error

	// Remove deletes a file (a directory is ErrIsDir). Where p is nothing but an
	// upload that broke off, that is dropped.
	Remove(ctx context.Context, p Path) error

	// Rmdir deletes an empty directory (else ErrNotDir, ErrNotEmpty). The root
	// cannot be deleted: ErrPermission.
	Rmdir(ctx context.Context, p Path) error

	// Rename moves a file or directory. A file at the target is replaced in one
	// step; a directory at the target is ErrExist, and so is a file where a
	// directory is moved to. A directory cannot be moved below itself:
	// ErrBadName. The root is ErrPermission on either side. Onto itself does
	// nothing, also with Exclusive; what is renamed must be there all the same.
	Rename(ctx context.Context, from, to Path, how Rename) error

	// SetAttr changes attributes of an existing file or directory, all or none.
	// What the storage does not have is ErrUnsupported.
	SetAttr(ctx context.Context, p Path, a Attr) error

	// Hash reads the file p from byte from up to, and without, byte to (-1: the
	// end) and gives the raw hash of that. A range that is not within the file
	// is ErrOffset. It ends soon after ctx does.
	Hash(ctx context.Context, p Path, h Hash, from, to int64) ([]byte, error)

	// Space says how much may still be stored in directory p.
	Space(ctx context.Context, p Path) (Space, error)

	// Close gives back what the FS holds. Files and uploads that are still open
	// stay usable until they are ended.
	Close() error
}

// Caps says what a storage can do.
type Caps struct {
	Write      bool       // anything can be changed at all
	SetModTime bool       // SetAttr can set ModTime
	SetMode    bool       // SetAttr can set Mode
	Symlink    bool       // Symlink can succeed
	Resume     bool       // uploads that break off are kept
	InPlace    bool       // uploads are seen while they are written; see Upload
	Durability Durability // what Commit promises
}

// Durability says what an acknowledged change outlives.
type Durability uint8

// The levels of durability.
const (
	DurableNone    Durability = iota // it is gone with the process
	DurableProcess                   // it outlives the process, and may be lost with power
	DurableFull                      // it outlives a power cut
)

func (d Durability) String() string {
	switch d {
	case DurableProcess:
		return "process"
	case DurableFull:
		return "full"
	}
	return "none"
}

// Create says how an upload relates to what is there already.
//
// An upload that broke off is continued by an Offset within it, whose bytes are
// then those of the broken upload, also if an older file is at p: they are the
// newer ones. An offset beyond its end is ErrOffset. Append continues it only if
// there is no file at p; if there is one, Append could mean either, and is
// ErrUnfinished. Offset 0 without Append forgets it.
type Create struct {
	// Offset keeps the first Offset bytes of the existing file and writes
	// behind them (REST). 0 starts anew.
	Offset int64
	// Append writes behind the end of the existing file, if there is one
	// (APPE). Offset must be 0.
	Append bool
	// Exclusive demands that nothing is at p, now and at Commit, else ErrExist.
	Exclusive bool
	// Mode are the permission bits wanted for a new file; 0 means the storage's
	// default, and bits beyond 0777 are ErrPermission. The umask of the storage is
	// applied to them. A file that is there keeps its own, and a storage without
	// Caps.SetMode has none to give.
	Mode fs.FileMode
	// Umask is taken from the bits of a new file, whichever these are, beside the
	// umask of the storage.
	Umask fs.FileMode
	// ModTime, if it is not zero, is wanted as the time of the file at Commit. Only a
	// storage for which that costs less than SetAttr does it, and without Offset and
	// Append; then the Entry of Commit has that time. All others leave it to SetAttr,
	// and it is no error if it cannot be done.
	ModTime time.Time
}

// Rename says how a rename treats what is at its target.
type Rename struct {
	// Exclusive demands that nothing is at the target, else ErrExist. Onto itself
	// nothing is replaced: that is no error.
	Exclusive bool
}

// File is a regular file open for reading: the bytes of the version that was
// there when it was opened. It is for one goroutine at a time.
type File interface {
	io.ReadSeekCloser
	// Entry describes the file as it was when opened.
	Entry() Entry
}

// Upload is a file in the making. It is for one goroutine at a time.
//
// Where Caps.InPlace is set, for the account asked for it, bytes go to their
// place at once: others see the file grow, and Abort leaves it as it is.
type Upload interface {
	io.Writer
	// Offset is how many bytes were kept of what was there; the first Write
	// lands behind them.
	Offset() int64
	// Commit makes the file whole and visible under its name in one step, and
	// returns when Caps.Durability is reached. After an error nothing
	// has become visible and the old file, if any, is untouched; a driver says
	// in its documentation where that cannot be had. An Append whose file was
	// changed by someone else since Create is ErrConflict; so is one to whose file
	// SetAttr gave another ModTime, Mode or Group since.
	Commit(ctx context.Context) (Entry, error)
	// Abort gives the upload up; cause says why and is for the log. If cause
	// wraps ErrInterrupted, a storage with Caps.Resume keeps what was written,
	// for the account to continue it; unless the upload built on a committed file
	// (Offset, Append): that is there still, and says itself where to go on. Abort
	// after Commit or Abort does nothing.
	Abort(cause error) error
}

// Space is how much may be stored. -1 means: not known, or no bound.
type Space struct {
	Free  int64 // bytes
	Total int64 // bytes, used ones included
}
