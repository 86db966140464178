package ftpfs

import (
	"context"
	"errors"
	"io/fs"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

// Commit implements vfs.Upload. It returns when the end of the data is marked
// (close_notify), the server has confirmed it, and its SIZE agrees; and where Create
// said so, when the file has its final name. After an error under the final name the
// server may show a part.
func (u *upload) Commit(ctx context.Context) (vfs.Entry, error) {
	if u.ended {
		return vfs.Entry{}, fail("commit", u.path, fs.ErrClosed)
	}
	e, err := u.commit(ctx)
	if err != nil {
		// What was given up with its context would be told as such only.
		if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
			err = cause
		}
		err = errors.Join(err, u.abandon(err))
		return vfs.Entry{}, fail("commit", u.path, err)
	}
	u.end()
	return e, nil
}

// commit leaves the upload to be ended by its caller.
func (u *upload) commit(ctx context.Context) (vfs.Entry, error) {
	if err := ctx.Err(); err != nil {
		return vfs.Entry{}, err
	}
	defer context.AfterFunc(ctx, u.cancel)()
	_ = u.data.Close()
	<-u.done
	if u.err != nil {
		return vfs.Entry{}, u.err
	}
	if err := u.setMode(ctx); err != nil {
		return vfs.Entry{}, err
	}
	if u.temporary() {
		if err := u.publish(ctx); err != nil {
			return vfs.Entry{}, err
		}
	}
	if u.fs.o.StatOnCommit {
		return u.fs.stat(ctx, u.c, u.path)
	}
	e := vfs.Entry{Name: u.path.Base(), Kind: vfs.KindFile, Size: u.offset + u.sent}
	if u.timed {
		e.ModTime = u.how.ModTime
	}
	return e, nil
}

// publish gives the file its final name.
func (u *upload) publish(ctx context.Context) error {
	f := u.fs
	if u.how.Exclusive {
		end, err := f.alone(ctx)
		if err != nil {
			return err
		}
		defer end()
		e, why, err := f.look(ctx, u.c, u.path)
		switch {
		case err != nil:
			return err
		case why == nil && e.IsDir():
			return vfs.ErrIsDir
		case why == nil:
			return vfs.ErrExist
		}
	}
	err := u.c.Rename(ctx, u.name, f.remote(u.path))
	if refused(err) == nil {
		return err
	}
	e, why, lerr := f.look(ctx, u.c, u.path)
	if lerr != nil || why != nil || e.Kind != vfs.KindFile || u.how.Exclusive || !permanent(err) {
		return f.verdictNew(ctx, u.c, u.path, err, isDir)
	}
	// A server that replaces nothing by RNTO: there is no other way than to have no
	// file at all for a moment.
	if err := u.c.Remove(ctx, f.remote(u.path)); err != nil {
		return f.verdict(ctx, u.c, u.path, err, isDir)
	}
	return f.move(ctx, u.c, u.name, u.path, u.path)
}

// setMode gives a new file the bits that Create wanted, and a temporary one those of
// the file that it will replace.
func (u *upload) setMode(ctx context.Context) error {
	var mode fs.FileMode
	switch {
	case !u.fs.caps.SetMode:
		return nil
	case u.before != nil && u.temporary():
		if mode = u.before.Mode.Perm(); mode == 0 {
			return nil // the server does not tell it
		}
	case !u.fresh || u.how.Mode == 0 && u.how.Umask == 0:
		return nil
	case u.how.Mode == 0:
		e, err := u.c.Stat(ctx, u.name)
		if err != nil {
			return err
		}
		mode = e.Mode.Perm() &^ u.how.Umask
	default:
		mode = u.how.Mode &^ u.how.Umask
	}
	if err := u.c.Chmod(ctx, u.name, mode); err != nil {
		return u.fs.verdictNew(ctx, u.c, u.path, err, isDir)
	}
	return nil
}

// Abort implements vfs.Upload. The data connection is cut, so that the server does not
// take what it has for the whole. Unless cause wraps ErrInterrupted, what the server
// then has is removed, if that is certainly not an older file: under a temporary name,
// under one that was free before, or if nothing is shown under it.
func (u *upload) Abort(cause error) error {
	if u.ended {
		return nil
	}
	if err := u.abandon(cause); err != nil {
		return fail("abort", u.path, err)
	}
	return nil
}

// abandon ends an upload that does not succeed.
func (u *upload) abandon(cause error) error {
	_ = u.data.CloseWithError(errStopped)
	await(u.done, u.cancel)
	u.end()
	if errors.Is(cause, vfs.ErrInterrupted) && !u.temporary() || u.offset > 0 || u.how.Append && !u.fresh {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(u.ctx), cleanupTimeout)
	defer cancel()
	return u.fs.lend(ctx, func(c *ftpclient.Client) error { return u.remove(ctx, c) })
}

// end gives back what the upload holds.
func (u *upload) end() {
	u.ended = true
	u.cancel()
	u.fs.pool.Put(u.c)
	u.fs.leave(u)
}

// remove deletes what is left of the upload on the server.
func (u *upload) remove(ctx context.Context, c *ftpclient.Client) error {
	if !u.temporary() {
		e, why, err := u.fs.look(ctx, c, u.path)
		switch {
		case err != nil:
			return err
		case why == nil && (!u.fresh || e.Kind != vfs.KindFile || e.Size > u.sent):
			return nil // older, or somebody else's
		}
		// Where nothing is shown, the server may still keep what came.
	}
	if err := c.Remove(ctx, u.name); err != nil && !permanent(err) {
		return err
	}
	return nil
}
