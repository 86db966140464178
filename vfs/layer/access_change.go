package layer

import (
	"context"
	"errors"
	"time"

	"github.com/sealane/sealane/vfs"
)

func (a *access) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	how, err := a.mayCreate(ctx, p, how)
	if err != nil {
		return nil, fail("create", p, err)
	}
	if a.allowed(p, AllowAttr) != nil {
		how.ModTime = time.Time{} // as SetAttr would refuse it
	}
	up, err := a.inner.Create(ctx, p, how)
	if err != nil {
		return nil, err
	}
	return &accessUpload{a, up, p}, nil
}

// mayCreate gives the upload that the account may begin. Without the right to
// change an existing file it asks that there be none; without the right to make
// one, it looks whether there is one.
func (a *access) mayCreate(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Create, error) {
	if err := a.mayName(p); err != nil {
		return how, err
	}
	change := AllowOverwrite
	if how.Append {
		change = AllowAppend
	}
	switch allow := a.rules.entry(p); {
	case allow.has(AllowUpload | change):
	case allow.has(AllowUpload):
		how.Exclusive = true
	case allow.has(change):
		if _, err := a.inner.Stat(ctx, p); errors.Is(err, vfs.ErrNotExist) {
			return how, vfs.ErrPermission
		} else if err != nil {
			return how, err
		}
	default:
		return how, vfs.ErrPermission
	}
	return how, nil
}

// accessUpload tells the rights to what it made.
type accessUpload struct {
	a     *access
	inner vfs.Upload
	path  vfs.Path
}

func (u *accessUpload) Write(b []byte) (int, error) { return u.inner.Write(b) }

func (u *accessUpload) Offset() int64 { return u.inner.Offset() }

func (u *accessUpload) Commit(ctx context.Context) (vfs.Entry, error) {
	e, err := u.inner.Commit(ctx)
	if err == nil {
		e.Rights = u.a.rights(u.path, e)
	}
	return e, err
}

func (u *accessUpload) Abort(cause error) error { return u.inner.Abort(cause) }

// Unfinished is for those who may continue the upload.
func (a *access) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := a.addressable(p); err != nil {
		return vfs.Entry{}, fail("find an upload of", p, err)
	}
	allow := a.rules.entry(p)
	if allow&(AllowUpload|AllowOverwrite|AllowAppend) == 0 {
		return vfs.Entry{}, fail("find an upload of", p, vfs.ErrPermission)
	}
	e, err := a.inner.Unfinished(ctx, p)
	if err != nil {
		return e, err
	}
	may := vfs.Rights(0)
	if allow.has(AllowUpload) {
		may |= vfs.MayAppend | vfs.MayWrite
	}
	if allow.has(AllowDelete) {
		may |= vfs.MayDelete
	}
	e.Rights &= may
	return e, nil
}

func (a *access) Mkdir(ctx context.Context, p vfs.Path) error {
	err := a.mayName(p)
	if err == nil && !a.rules.entry(p).has(AllowMkdir) {
		err = vfs.ErrPermission
	}
	if err != nil {
		return fail("make directory", p, err)
	}
	return a.inner.Mkdir(ctx, p)
}

// Symlink needs the same rights everywhere: a relative link that is moved points
// elsewhere.
func (a *access) Symlink(ctx context.Context, target, p vfs.Path) error {
	err := a.mayName(p)
	if err == nil {
		err = a.addressable(target)
	}
	if err == nil && (!a.rules.uniform || !a.rules.entry(p).has(AllowLink)) {
		err = vfs.ErrPermission
	}
	if err != nil {
		return fail("link", p, err)
	}
	return a.inner.Symlink(ctx, target, p)
}

func (a *access) Remove(ctx context.Context, p vfs.Path) error {
	if err := a.allowedEntry(p, AllowDelete); err != nil {
		return fail("remove", p, err)
	}
	return a.inner.Remove(ctx, p)
}

func (a *access) Rmdir(ctx context.Context, p vfs.Path) error {
	if err := a.allowedEntry(p, AllowRmdir); err != nil {
		return fail("remove directory", p, err)
	}
	return a.inner.Rmdir(ctx, p)
}

func (a *access) Rename(ctx context.Context, from, to vfs.Path, how vfs.Rename) error {
	how, err := a.mayRename(ctx, from, to, how)
	if err != nil {
		return fail("rename to "+to.String(), from, err)
	}
	return a.inner.Rename(ctx, from, to, how)
}

// mayRename gives the rename that the account may do.
func (a *access) mayRename(ctx context.Context, from, to vfs.Path, how vfs.Rename) (vfs.Rename, error) {
	if from.IsRoot() || to.IsRoot() {
		return how, vfs.ErrPermission
	}
	if err := a.addressable(from); err != nil {
		return how, err
	}
	if err := a.mayName(to); err != nil && from != to {
		return how, err
	}
	source, target := a.rules.entry(from), a.rules.entry(to)
	if source&(AllowRename|AllowRenameDir) == 0 {
		return how, vfs.ErrPermission
	}
	e, err := a.inner.Stat(ctx, from)
	switch {
	case err != nil:
		return how, err
	case !a.rules.alike(from, to, e.IsDir()):
		return how, vfs.ErrPermission
	case e.IsDir():
		if !source.has(AllowRenameDir) || !target.has(AllowMkdir) {
			return how, vfs.ErrPermission
		}
		return how, a.linksStay(ctx, from, to, e)
	case e.Link && !a.rules.uniform && from != to:
		return how, vfs.ErrPermission
	case !source.has(AllowRename) || !mayCross(source, target):
		return how, vfs.ErrPermission
	}
	switch {
	case target.has(AllowUpload | AllowOverwrite):
	case target.has(AllowUpload):
		how.Exclusive = how.Exclusive || from != to
	case target.has(AllowOverwrite):
		if _, err := a.inner.Stat(ctx, to); err != nil {
			return how, vfs.ErrPermission
		}
	default:
		return how, vfs.ErrPermission
	}
	return how, nil
}

// linksStay demands that all links still lead to where they did, or to where the
// account has the same rights, when the directory e is renamed. Those in it do as long
// as it stays in its folder.
func (a *access) linksStay(ctx context.Context, from, to vfs.Path, e vfs.Entry) error {
	switch {
	case a.rules.uniform || from == to:
		return nil
	case e.Link:
		return vfs.ErrPermission
	case from.Dir() == to.Dir():
		return nil
	}
	return a.noLinks(ctx, from)
}

// noLinks demands that there is no link in p and below it.
func (a *access) noLinks(ctx context.Context, p vfs.Path) error {
	for e, err := range a.inner.List(ctx, p, vfs.WantKind) {
		if err != nil {
			return err
		}
		if e.Link {
			return vfs.ErrPermission
		}
		if !e.IsDir() {
			continue
		}
		q, err := p.Join(e.Name)
		if err == nil {
			err = a.noLinks(ctx, q)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
