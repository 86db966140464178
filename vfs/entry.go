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
	Name    string // the last name only; "/" for the root
	Kind    Kind
	Size    int64     // bytes; 0 for directories
	ModTime time.Time // of the content
	Mode    fs.FileMode
	// Unique is equal for two entries only if they are the same file (RFC 3659
	// §7.5.2). Empty where the driver cannot tell.
	Unique string
}

// IsDir reports whether e is a directory.
func (e Entry) IsDir() bool { return e.Kind == KindDir }
