package ftpfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

// Stat implements vfs.FS. Of a server without MLST it takes up to five commands, or a
// listing of the directory where there is no SIZE either.
func (f *FS) Stat(ctx context.Context, p vfs.Path) (e vfs.Entry, err error) {
	err = f.with(ctx, "stat", p, func(c *ftpclient.Client) error {
		e, err = f.stat(ctx, c, p)
		return err
	})
	return e, err
}

// stat is describe with the sentinels of the contract.
func (f *FS) stat(ctx context.Context, c *ftpclient.Client, p vfs.Path) (vfs.Entry, error) {
	e, err := f.describe(ctx, c, p)
	if err != nil {
		return vfs.Entry{}, f.verdict(ctx, c, p, err, anything)
	}
	return e, nil
}

// describe asks the server for p.
func (f *FS) describe(ctx context.Context, c *ftpclient.Client, p vfs.Path) (vfs.Entry, error) {
	e, err := c.Stat(ctx, f.remote(p))
	if reply := refused(err); reply != nil && reply.Command == "SIZE" && known(reply.Reply.Code) == vfs.ErrUnsupported && !p.IsRoot() {
		e, err = f.findListed(ctx, c, p)
	}
	if err != nil {
		return vfs.Entry{}, err
	}
	e.Name = p.Base()
	e = f.complete(e)
	if f.told.mlst && !f.told.sized && e.Kind == vfs.KindFile {
		if e.Size, err = c.Size(ctx, f.remote(p)); err != nil {
			return vfs.Entry{}, err
		}
	}
	if f.told.perm && e.Kind == vfs.KindFile && e.Rights == rightsOfUnfinished {
		if _, err := f.findListed(ctx, c, p); errors.Is(err, errNotListed) {
			return vfs.Entry{}, err
		}
	}
	return e, nil
}

// rightsOfUnfinished are those to an upload that broke off. Some servers, Sealane's
// among them, have MLST tell of one, so that a client can go on with it; but it is no
// file, and not listed.
const rightsOfUnfinished = vfs.MayAppend | vfs.MayWrite | vfs.MayDelete

// errNotListed is what a server would say of a name that its listing does not have.
var errNotListed = &ftp.Error{Command: "LIST", Reply: ftp.Replyf(ftp.Code550Unavailable, "the name is not in the listing")}

// findListed looks for p in the listing of its directory.
func (f *FS) findListed(ctx context.Context, c *ftpclient.Client, p vfs.Path) (vfs.Entry, error) {
	for e, err := range c.List(ctx, f.remote(p.Dir())) {
		if err != nil || e.Name == p.Base() {
			return e, err
		}
	}
	return vfs.Entry{}, errNotListed
}

// complete adds what the server leaves out because it goes without saying.
func (f *FS) complete(e vfs.Entry) vfs.Entry {
	if e.IsDir() {
		e.Size = 0
		e.Mode |= fs.ModeDir
	}
	if !f.told.perm {
		e.Rights = vfs.RightsOf(e, true)
	}
	if e.Name == "/" {
		e.Rights &^= vfs.MayDelete | vfs.MayRename
	}
	return e
}

// Space implements vfs.FS, by AVBL where the server has it. The whole is never known.
func (f *FS) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	room := vfs.Space{Free: -1, Total: -1}
	err := f.with(ctx, "tell the space of", p, func(c *ftpclient.Client) error {
		if f.told.avbl {
			free, err := c.Available(ctx, f.remote(p))
			if err == nil {
				room.Free = free
				return nil
			}
			if !permanent(err) {
				return err
			}
		}
		e, err := f.stat(ctx, c, p)
		if err == nil {
			err = notDir(e)
		}
		return err
	})
	return room, err
}

// Unfinished implements vfs.FS, for servers whose MLST tells of uploads that broke off and whose
// listings do not, as Sealane's. What other servers keep is a file like others, for all that
// they tell: Stat shows it, and Create with an Offset goes on with it.
func (f *FS) Unfinished(ctx context.Context, p vfs.Path) (e vfs.Entry, err error) {
	err = f.with(ctx, "find the unfinished upload to", p, func(c *ftpclient.Client) error {
		if !f.told.perm || p.IsRoot() {
			return vfs.ErrNotExist
		}
		if e, err = c.Stat(ctx, f.remote(p)); err != nil {
			return f.verdict(ctx, c, p, err, anything)
		}
		if e.Kind != vfs.KindFile || e.Rights != rightsOfUnfinished {
			return vfs.ErrNotExist
		}
		if _, err := f.findListed(ctx, c, p); !errors.Is(err, errNotListed) {
			return cmp.Or(err, error(vfs.ErrNotExist))
		}
		e.Name = p.Base()
		return nil
	})
	if err != nil {
		return vfs.Entry{}, err
	}
	return e, nil
}

// SetAttr implements vfs.FS. A ModTime is set to the second, and together with a Mode
// only after that, so that a server which refuses it has set the Mode. AccessTime,
// Created and Group are ErrUnsupported.
func (f *FS) SetAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	return f.with(ctx, "set attributes of", p, func(c *ftpclient.Client) error {
		switch {
		case !a.AccessTime.IsZero(), !a.Created.IsZero(), a.Group != "",
			a.Mode != nil && !f.caps.SetMode, !a.ModTime.IsZero() && !f.caps.SetModTime:
			return f.unsupported(ctx, c, p)
		case a.Mode != nil && *a.Mode&^fs.ModePerm != 0:
			return fmt.Errorf("%w: %v holds more than permissions", vfs.ErrPermission, *a.Mode)
		case a.Mode == nil && a.ModTime.IsZero():
			_, err := f.stat(ctx, c, p)
			return err
		}
		var err error
		if a.Mode != nil {
			err = c.Chmod(ctx, f.remote(p), *a.Mode)
		}
		if err == nil && !a.ModTime.IsZero() {
			err = c.SetModTime(ctx, f.remote(p), a.ModTime)
		}
		if err != nil {
			return f.verdict(ctx, c, p, err, anything)
		}
		return nil
	})
}

// unsupported is the answer to what the server does not have. A p that is not there is
// told all the same.
func (f *FS) unsupported(ctx context.Context, c *ftpclient.Client, p vfs.Path) error {
	if _, err := f.stat(ctx, c, p); err != nil {
		return err
	}
	return vfs.ErrUnsupported
}
