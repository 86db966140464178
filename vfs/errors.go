package vfs

import (
	"errors"
	"io/fs"
)

// The errors that every driver returns, wrapped with what was tried. Judge
// them with errors.Is. The first three are those of io/fs, so that errors of
// the os package need no translation.
var (
	ErrNotExist   = fs.ErrNotExist
	ErrExist      = fs.ErrExist
	ErrPermission = fs.ErrPermission

	ErrBadName     = errors.New("name not allowed")
	ErrIsDir       = errors.New("is a directory")
	ErrNotDir      = errors.New("is not a directory")
	ErrNotEmpty    = errors.New("directory not empty")
	ErrNotRegular  = errors.New("not a regular file") // FIFO, device, socket
	ErrOffset      = errors.New("offset beyond the end of the file")
	ErrNoSpace     = errors.New("no space left")
	ErrQuota       = errors.New("quota exceeded")
	ErrUnsupported = errors.New("not supported by this storage")
	// ErrConflict: someone else changed the file that an Append builds on.
	ErrConflict = errors.New("changed by someone else meanwhile")
	// ErrUnfinished: an upload to this name broke off, and an Append could mean
	// it or the older file.
	ErrUnfinished = errors.New("an upload to this name broke off")
	// ErrInterrupted is for the caller of Upload.Abort: the sender went away in
	// mid-file, through no fault of what it had sent.
	ErrInterrupted = errors.New("interrupted")
)
