package ftpfs

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

// Mkdir implements vfs.FS.
func (f *FS) Mkdir(ctx context.Context, p vfs.Path) error {
	return f.with(ctx, "make directory", p, func(c *ftpclient.Client) error {
		if p.IsRoot() {
			return vfs.ErrExist
		}
		if err := c.Mkdir(ctx, f.remote(p)); err != nil {
			return f.verdictNew(ctx, c, p, err, exists)
		}
		return nil
	})
}

// Remove implements vfs.FS.
func (f *FS) Remove(ctx context.Context, p vfs.Path) error {
	return f.with(ctx, "remove", p, func(c *ftpclient.Client) error {
		if p.IsRoot() {
			return vfs.ErrIsDir
		}
		if err := c.Remove(ctx, f.remote(p)); err != nil {
			return f.verdict(ctx, c, p, err, isDir)
		}
		return nil
	})
}

// Rmdir implements vfs.FS.
func (f *FS) Rmdir(ctx context.Context, p vfs.Path) error {
	return f.with(ctx, "remove directory", p, func(c *ftpclient.Client) error {
		if p.IsRoot() {
			return vfs.ErrPermission
		}
		err := c.Rmdir(ctx, f.remote(p))
		if err == nil {
			return nil
		}
		return f.verdict(ctx, c, p, err, func(e vfs.Entry) error {
			if kind := notDir(e); kind != nil {
				return kind
			}
			for _, err := range c.List(ctx, f.remote(p)) {
				if err == nil {
					return vfs.ErrNotEmpty
				}
				break
			}
			return nil
		})
	})
}

// Rename implements vfs.FS. What is at the target is looked at first, since servers
// differ in what they replace; another client may be faster than that. Whether a file
// at the target is replaced in one step is the server's matter.
func (f *FS) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	return f.with(ctx, "rename", from, func(c *ftpclient.Client) error {
		switch {
		case from.IsRoot() || to.IsRoot():
			return vfs.ErrPermission
		case from == to:
			_, err := f.stat(ctx, c, from)
			return err
		case from.Contains(to):
			return f.belowItself(ctx, c, from)
		}
		if how.Exclusive {
			end, err := f.alone(ctx)
			if err != nil {
				return err
			}
			defer end()
		}
		if err := f.replaceable(ctx, c, from, to, how); err != nil {
			return err
		}
		return f.move(ctx, c, f.remote(from), from, to)
	})
}

// belowItself is the answer to a rename of from to below it.
func (f *FS) belowItself(ctx context.Context, c *ftpclient.Client, from vfs.Path) error {
	e, err := f.stat(ctx, c, from)
	switch {
	case err != nil:
		return err
	case !e.IsDir():
		return vfs.ErrNotDir
	}
	return fmt.Errorf("%w: it is below what is to be renamed", vfs.ErrBadName)
}

// replaceable refuses what must not be replaced.
func (f *FS) replaceable(ctx context.Context, c *ftpclient.Client, from, to vfs.Path, how vfs.Rename) error {
	old, why, err := f.look(ctx, c, to)
	if err != nil || why != nil && !why.above {
		return err
	}
	e, err := f.stat(ctx, c, from)
	switch {
	case err != nil:
		return err
	case why != nil:
		return why.kind
	case how.Exclusive, old.IsDir(), e.IsDir():
		return vfs.ErrExist
	}
	return nil
}

// move renames, and finds out why it cannot.
func (f *FS) move(ctx context.Context, c *ftpclient.Client, name string, from, to vfs.Path) error {
	err := c.Rename(ctx, name, f.remote(to))
	if err == nil {
		return nil
	}
	if _, why, lerr := f.look(ctx, c, from); lerr == nil && why != nil && permanent(err) {
		return fmt.Errorf("%w: %w", why.kind, err)
	}
	return f.verdictNew(ctx, c, to, err, exists)
}

// Symlink implements vfs.FS, by SITE SYMLINK where FEAT names it.
func (f *FS) Symlink(ctx context.Context, target, p vfs.Path) error {
	return f.with(ctx, "link", p, func(c *ftpclient.Client) error {
		switch {
		case !f.caps.Symlink:
			return vfs.ErrUnsupported
		case p.IsRoot():
			return vfs.ErrExist
		}
		if err := c.Symlink(ctx, f.remote(target), f.remote(p)); err != nil {
			return f.verdictNew(ctx, c, p, err, exists)
		}
		return nil
	})
}

// Hash implements vfs.FS. It is the server that reads the file; where it has no such
// hash, or cannot hash a part of a file, the error is ErrUnsupported.
func (f *FS) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) (sum []byte, err error) {
	err = f.with(ctx, "hash", p, func(c *ftpclient.Client) error {
		sum, err = f.hash(ctx, c, p, h, from, to)
		return err
	})
	return sum, err
}

func (f *FS) hash(ctx context.Context, c *ftpclient.Client, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	if from != 0 || to >= 0 {
		e, err := f.stat(ctx, c, p)
		if err == nil {
			err = notFile(e)
		}
		if err != nil {
			return nil, err
		}
		if to < 0 {
			to = e.Size
		}
		switch {
		case from < 0 || from > to || to > e.Size:
			return nil, vfs.ErrOffset
		case from == to:
			return h.New().Sum(nil), nil
		case from == 0 && to == e.Size:
			to = -1
		}
	}
	sum, err := c.HashRange(ctx, f.remote(p), h, from, to)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		e, serr := f.stat(ctx, c, p)
		if serr == nil {
			serr = notFile(e)
		}
		if serr == nil {
			serr = fmt.Errorf("%w: %w", vfs.ErrUnsupported, err)
		}
		return nil, serr
	case err != nil:
		return nil, f.verdict(ctx, c, p, err, notFile)
	}
	return sum, nil
}
