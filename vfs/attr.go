package vfs

import (
	"io/fs"
	"time"
)

// Attr names the attributes to change; a zero field is left alone.
type Attr struct {
	ModTime    time.Time
	AccessTime time.Time
	Created    time.Time
	// Mode gives the permission bits; bits beyond 0777 are ErrPermission.
	Mode *fs.FileMode
	// Group is a group of the machine, by name or number, that the account may
	// give to files; any other is ErrPermission.
	Group string
}
