package osfs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/sealane/sealane/vfs"
)

// direct is an upload that is written in its place.
type direct struct {
	*upload
	made   bool    // the file was not there before
	making *change // of the directory, by that
}

// inPlace opens the file of u itself.
func (u *upload) inPlace() (vfs.Upload, error) {
	d := &direct{upload: u, making: u.fs.changing(u.dir)}
	err := d.open()
	if err == nil {
		err = d.prepare()
	}
	if err == nil {
		return d, nil
	}
	if d.file != nil {
		d.file.Close()
	}
	if d.made {
		err = errors.Join(err, u.fs.folder.calls.unlink(u.dir, u.path.Base()))
	}
	d.end()
	return nil, err
}

// end gives back what the upload holds.
func (d *direct) end() {
	d.making.end()
	d.upload.end()
}

// open follows a link inside the tree, as long as there is something to open.
func (d *direct) open() (err error) {
	t, flags := d.fs.folder, os.O_WRONLY|noWait
	if d.how.Append {
		flags |= os.O_APPEND
	}
	if d.replaces {
		d.file, err = t.root.OpenFile(d.path.Rel(), flags, 0)
		return err
	}
	d.file, err = t.calls.create(d.dir, d.path.Base())
	d.made = err == nil
	if errors.Is(err, fs.ErrExist) && !d.how.Exclusive {
		// Somebody was faster; what that is, prepare looks at.
		d.file, err = t.root.OpenFile(d.path.Rel(), flags, 0)
	}
	return err
}

// prepare brings the file into the state that the first Write is to find.
func (d *direct) prepare() error {
	if d.made {
		if d.how.Offset > 0 {
			return vfs.ErrOffset
		}
		return d.dress()
	}
	in, err := statFile(d.file, false)
	if err == nil {
		err = in.regular()
	}
	if err != nil {
		return err
	}
	d.offset = d.how.Offset
	if d.how.Append {
		d.offset = in.size
	}
	if d.offset > in.size {
		return vfs.ErrOffset
	}
	if d.offset < in.size {
		if err := d.fs.folder.calls.truncate(d.file, d.offset); err != nil {
			return err
		}
	}
	_, err = d.file.Seek(d.offset, io.SeekStart)
	return err
}

// Commit implements vfs.Upload.
func (d *direct) Commit(ctx context.Context) (vfs.Entry, error) {
	if d.done {
		return vfs.Entry{}, d.fs.fail("commit", d.path, fs.ErrClosed)
	}
	d.done = true
	defer d.end()
	in, err := d.finish(ctx)
	if err = errors.Join(err, d.file.Close()); err == nil && d.made {
		err = d.making.sync()
	}
	if err != nil {
		return vfs.Entry{}, d.fs.fail("commit", d.path, err)
	}
	return d.dir.withRights(in.entry(d.path.Base(), vfs.WantAll), true), nil
}

func (d *direct) finish(ctx context.Context) (info, error) {
	if err := errors.Join(ctx.Err(), d.err); err != nil {
		return info{}, err
	}
	if d.fs.rules.full {
		if err := d.fs.folder.calls.fsync(d.file); err != nil {
			return info{}, err
		}
	}
	return statFile(d.file, true)
}

// Abort implements vfs.Upload. What was written stays.
func (d *direct) Abort(error) error {
	if d.done {
		return nil
	}
	d.done = true
	defer d.end()
	if err := d.file.Close(); err != nil {
		return d.fs.fail("abort", d.path, err)
	}
	return nil
}
