package vfs

import (
	"io/fs"
	"time"
)

// Kind says what an entry is.
type Kind uint8

// The kinds of entries. A driver resolves symbolic links that it follows;
// what it does not follow it reports as KindOther.
const (
	KindFile Kind = iota
	KindDir
	KindOther // dangling or forbidden link, FIFO, device, socket
)

// Entry is what an FS knows of one name.
type Entry struct {
	Name string // the last name only; "/" for the root
	Kind Kind
	// Link says that the name itself is a symbolic link, whatever Kind its target
	// has. Stat and List tell it; what describes an open or a committed file need
	// not.
	Link    bool
	Size    int64     // bytes; 0 for directories
	ModTime time.Time // of the content
	Created time.Time // zero where the storage does not know
	Mode    fs.FileMode
	Owner   Owner
	// Unique is equal for two entries only if they are the same file (RFC 3659
	// §7.5.2). Empty where the driver cannot tell.
	Unique string
	Rights Rights
}

// IsDir reports whether e is a directory.
func (e Entry) IsDir() bool { return e.Kind == KindDir }

// Owner is whose a file is on a system that numbers its users and groups.
type Owner struct {
	UID, GID uint32
	Known    bool
}

// Fields is a set of fields of an Entry, for who lists: what is not wanted need
// not be found out.
type Fields uint8

// The fields that cost something to know, beside the name.
const (
	WantKind    Fields = 1 << iota // Kind, Link
	WantInfo                       // Kind, Link, Size, ModTime, Mode, Owner
	WantCreated                    // Created
	WantUnique                     // Unique
	WantRights                     // Rights
	WantAll     = WantKind | WantInfo | WantCreated | WantUnique | WantRights
)

// Has reports whether f holds any of g.
func (f Fields) Has(g Fields) bool { return f&g != 0 }

// Rights is what the account of an FS may do with an entry: the letters of the
// perm fact (RFC 3659 §7.5.5). It tells; what enforces is the FS itself.
type Rights uint16

// The rights. Those of a directory speak of what is in it, but for MayDelete
// and MayRename.
const (
	MayAppend Rights = 1 << iota // a: APPE to the file
	MayCreate                    // c: new files in the directory
	MayDelete                    // d: DELE or RMD
	MayEnter                     // e: CWD
	MayRename                    // f: RNFR
	MayList                      // l: LIST, NLST, MLSD
	MayMkdir                     // m: MKD in it
	MayPurge                     // p: the entries may be deleted
	MayRead                      // r: RETR
	MayWrite                     // w: STOR over the file
)

// Sets of rights by kind.
const (
	FileRead  = MayRead
	FileWrite = MayRead | MayWrite | MayAppend | MayDelete | MayRename
	DirRead   = MayEnter | MayList
	DirWrite  = DirRead | MayCreate | MayMkdir | MayPurge | MayDelete | MayRename
)

// RightsOf gives the rights to an entry in a tree that may, or may not, be
// changed. What is neither file nor directory can only be deleted and renamed,
// and the root of a tree neither.
func RightsOf(e Entry, writable bool) Rights {
	switch {
	case e.Kind == KindDir && e.Name == "/" && writable:
		return DirWrite &^ (MayDelete | MayRename)
	case e.Kind == KindDir && writable:
		return DirWrite
	case e.Kind == KindDir:
		return DirRead
	case e.Kind == KindFile && writable:
		return FileWrite
	case e.Kind == KindFile:
		return FileRead
	case writable:
		return MayDelete | MayRename
	}
	return 0
}
