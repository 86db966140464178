package vfstest

import (
	"context"
	"errors"

	"github.com/sealane/sealane/vfs"
)

// faultyFile is a file of a tree with faults.
type faultyFile struct {
	inner vfs.File
	f     *Faults
	path  vfs.Path
	id    int
}

func (y *faultyFile) Entry() vfs.Entry { return y.inner.Entry() }

func (y *faultyFile) Read(b []byte) (int, error) {
	if err := y.f.call("Read", y.path); err != nil {
		return y.f.short(b, y.inner.Read), err
	}
	return y.inner.Read(b)
}

func (y *faultyFile) Seek(off int64, whence int) (int64, error) {
	if err := y.f.call("Seek", y.path); err != nil {
		return 0, err
	}
	return y.inner.Seek(off, whence)
}

func (y *faultyFile) Close() error {
	err := y.f.call("Close", y.path)
	y.f.end(y.id)
	return errors.Join(err, y.inner.Close())
}

// short moves the bytes that a failing Read or Write still moves.
func (f *Faults) short(b []byte, move func([]byte) (int, error)) int {
	if !f.fault.Short || len(b) < 2 {
		return 0
	}
	n, _ := move(b[:len(b)/2]) // the error is the other one
	return n
}

// faultyUpload is an upload of a tree with faults. Who commits it after a Write
// that failed publishes a file with a hole: that is what tests are to find.
type faultyUpload struct {
	inner vfs.Upload
	f     *Faults
	path  vfs.Path
	id    int
}

func (y *faultyUpload) Offset() int64 { return y.inner.Offset() }

func (y *faultyUpload) Write(b []byte) (int, error) {
	if err := y.f.call("Write", y.path); err != nil {
		return y.f.short(b, y.inner.Write), err
	}
	return y.inner.Write(b)
}

// Commit gives the upload up if it fails.
func (y *faultyUpload) Commit(ctx context.Context) (vfs.Entry, error) {
	err := y.f.call("Commit", y.path)
	y.f.end(y.id)
	if err != nil {
		return vfs.Entry{}, errors.Join(err, y.inner.Abort(err))
	}
	return y.inner.Commit(ctx)
}

func (y *faultyUpload) Abort(cause error) error {
	err := y.f.call("Abort", y.path)
	y.f.end(y.id)
	return errors.Join(err, y.inner.Abort(cause))
}
