package layer

import (
	"context"
	"errors"
	"iter"

	"github.com/sealane/sealane/vfs"
)

// access lets an account do what its policy allows.
type access struct {
	inner vfs.FS
	rules *rules
	names *nameRules
}

// Access keeps an account to a policy. What a rule does not allow is
// vfs.ErrPermission.
//
// A rule speaks of the path as it was asked for, with everything below it: the
// storage may follow a link that it has to elsewhere in the tree, and Symlink makes
// new ones only where they cannot change what the account may do.
//
// To remove, make or rename something that is itself the folder of a rule needs the
// right by that rule and by the one of the folder around it.
//
// Rename needs AllowRename (of a directory AllowRenameDir) at the source; at the
// target AllowUpload for a new name, AllowOverwrite to replace a file, AllowMkdir
// for a directory. A file that comes under other rules by it leaves its folder, so
// it also needs AllowDelete there, and must not become readable by it: AllowDownload
// and AllowHash at the target are needed at the source too. A directory is only
// renamed if each right in it and below it stays as it is. Unless the whole tree has
// the same rights, no symbolic link is renamed, and a directory that holds one stays in
// its folder: a relative link that is moved leads elsewhere, perhaps past a rule.
//
// To replace nothing is asked of the storage in one step (Create.Exclusive,
// Rename.Exclusive), so that no other session can come between.
//
// The Rights of entries are what the account may really do.
func Access(inner vfs.FS, policy Policy) (vfs.FS, error) {
	r, err := newRules(policy.Rules, policy.FoldCase)
	if err != nil {
		return nil, err
	}
	n, err := newNameRules(policy)
	if err != nil {
		return nil, err
	}
	return &access{inner, r, n}, nil
}

func (a *access) Caps() vfs.Caps {
	c := a.inner.Caps()
	c.Write = c.Write && a.rules.any&allowWrite != 0
	c.SetModTime = c.SetModTime && a.rules.any.has(AllowAttr)
	c.SetMode = c.SetMode && a.rules.any.has(AllowAttr)
	c.Symlink = c.Symlink && a.rules.uniform && a.rules.any.has(AllowLink)
	c.Resume = c.Resume && a.rules.any&(AllowUpload|AllowOverwrite) != 0
	return c
}

// addressable refuses paths through hidden names.
func (a *access) addressable(p vfs.Path) error {
	if a.names.hides(p) {
		return vfs.ErrNotExist
	}
	return nil
}

// mayName says whether something new may be at p.
func (a *access) mayName(p vfs.Path) error {
	if p.IsRoot() {
		return nil // which the storage refuses in its own way
	}
	if err := a.addressable(p.Dir()); err != nil {
		return err
	}
	return a.names.mayMake(p.Base())
}

// allowed demands all of the rights at p.
func (a *access) allowed(p vfs.Path, need Allow) error {
	if err := a.addressable(p); err != nil {
		return err
	}
	if !a.rules.at(p).has(need) {
		return vfs.ErrPermission
	}
	return nil
}

// allowedEntry demands all of the rights at p and in the folder that it is in.
func (a *access) allowedEntry(p vfs.Path, need Allow) error {
	if err := a.addressable(p); err != nil {
		return err
	}
	if !a.rules.entry(p).has(need) {
		return vfs.ErrPermission
	}
	return nil
}

// allowKnow are the rights of which each lets see what a file is: who may do
// something with a file finds out anyway whether it is there.
const allowKnow = AllowAll &^ (AllowUpload | AllowMkdir | AllowRmdir | AllowRenameDir | AllowLink)

// Stat tells of directories wherever there are rights, so that one can go there,
// but whether there is a file only to those who may do something with it.
func (a *access) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := a.addressable(p); err != nil {
		return vfs.Entry{}, fail("stat", p, err)
	}
	allow := a.rules.at(p)
	if allow == 0 && !a.rules.below(p) {
		return vfs.Entry{}, fail("stat", p, vfs.ErrPermission)
	}
	e, err := a.inner.Stat(ctx, p)
	blind := allow&allowKnow == 0
	if err == nil && !e.IsDir() && blind ||
		blind && (errors.Is(err, vfs.ErrNotExist) || errors.Is(err, vfs.ErrNotDir)) {
		return vfs.Entry{}, fail("stat", p, vfs.ErrPermission)
	}
	if err != nil {
		return vfs.Entry{}, err
	}
	e.Rights = a.rights(p, e)
	return e, nil
}

func (a *access) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		if err := a.allowed(p, AllowList); err != nil {
			yield(vfs.Entry{}, fail("list", p, err))
			return
		}
		if want.Has(vfs.WantRights) {
			want |= vfs.WantKind
		}
		allow, split := a.rules.at(p), a.rules.split(p)
		for e, err := range a.inner.List(ctx, p, want) {
			switch {
			case err != nil:
			case a.names.hidden(e.Name):
				continue
			case !want.Has(vfs.WantRights):
				e.Rights = 0
			case !split:
				e.Rights = a.mask(e, allow, allow, true, true)
			default:
				q, jerr := p.Join(e.Name)
				if jerr != nil {
					continue // no path leads there
				}
				e.Rights = a.rights(q, e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (a *access) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	if err := a.allowed(p, AllowDownload); err != nil {
		return nil, fail("open", p, err)
	}
	f, err := a.inner.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	e := f.Entry()
	e.Rights = a.rights(p, e)
	return &entryFile{f, e}, nil
}

func (a *access) SetAttr(ctx context.Context, p vfs.Path, attr vfs.Attr) error {
	if err := a.allowed(p, AllowAttr); err != nil {
		return fail("set attributes of", p, err)
	}
	return a.inner.SetAttr(ctx, p, attr)
}

// Hash of a part needs AllowDownload too: hashes of single bytes tell the bytes.
// Hash of a part tells what is in it, byte for byte, to who asks often enough.
func (a *access) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	err := a.allowed(p, AllowHash|AllowDownload)
	if errors.Is(err, vfs.ErrPermission) {
		err = a.mayHash(ctx, p, from, to)
	}
	if err != nil {
		return nil, fail("hash", p, err)
	}
	return a.inner.Hash(ctx, p, h, from, to)
}

// mayHash is for who may not read the file: all of it, which may be said by its size.
func (a *access) mayHash(ctx context.Context, p vfs.Path, from, to int64) error {
	if err := a.allowed(p, AllowHash); err != nil || from == 0 && to < 0 {
		return err
	}
	e, err := a.inner.Stat(ctx, p)
	if err == nil && (from != 0 || to != e.Size) {
		err = vfs.ErrPermission
	}
	return err
}

func (a *access) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	err := a.addressable(p)
	if err == nil && a.rules.at(p) == 0 {
		err = vfs.ErrPermission
	}
	if err != nil {
		return vfs.Space{}, fail("tell the space of", p, err)
	}
	return a.inner.Space(ctx, p)
}

func (a *access) Close() error { return a.inner.Close() }
