package osfs

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/vfs"
)

// FS is a folder of the operating system under the policy of one account. Open
// makes the first, and For others of the same folder.
type FS struct {
	folder *folder
	rules  rules
	opener bool
	closed atomic.Bool
}

var _ vfs.FS = (*FS)(nil)

// Open opens the directory dir, which must exist, as a tree of its own, and
// removes what a server that was killed has left in it.
func Open(dir string, opts ...Option) (*FS, error) {
	s := settings{keepFor: DefaultKeepFor, now: time.Now, calls: system(), method: findMethod}
	for _, o := range opts {
		o(&s)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("osfs: cannot open the folder: %w", err)
	}
	t, err := newFolder(root, s)
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("osfs: cannot use the folder %q: %w", dir, err)
	}
	f := &FS{folder: t}
	of, err := f.For(s.policy)
	if err != nil {
		t.leave()
		return nil, err
	}
	of.opener = true
	return of, nil
}

// For gives the same folder under another policy. It holds nothing that would
// have to be given back; closing it ends it alone, and closing the FS that Open
// returned ends all. An error says which part of p cannot work here.
func (f *FS) For(p Policy) (*FS, error) {
	r, err := p.rules()
	if err != nil {
		return nil, err
	}
	v := &FS{folder: f.folder, rules: r}
	if err := f.folder.canGive(r); err != nil {
		return nil, err
	}
	f.folder.setLimit(r.owner, r.KeepBytes)
	return v, nil
}

// Caps implements vfs.FS.
func (f *FS) Caps() vfs.Caps {
	c := vfs.Caps{
		Write:      true,
		SetModTime: true,
		SetMode:    hasModes,
		Symlink:    hasModes,
		Resume:     f.resumes(),
		InPlace:    f.rules.Direct,
		Durability: vfs.DurableProcess,
	}
	if f.rules.full {
		c.Durability = vfs.DurableFull
	}
	return c
}

func (f *FS) resumes() bool {
	return !f.rules.Direct && f.rules.KeepBytes > 0 && !f.folder.method.noHidden
}

// Close implements vfs.FS. That of a view ends nothing but the view.
func (f *FS) Close() error {
	if f.closed.Swap(true) || !f.opener {
		return nil
	}
	f.folder.close()
	return nil
}

// Stat implements vfs.FS. A link that cannot be followed is KindOther.
func (f *FS) Stat(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := f.mayFind(ctx, p); err != nil {
		return vfs.Entry{}, f.fail("stat", p, err)
	}
	e, err := f.describe(p)
	if err != nil {
		return vfs.Entry{}, f.fail("stat", p, err)
	}
	return e, nil
}

func (f *FS) describe(p vfs.Path) (vfs.Entry, error) {
	d, err := f.folder.openDir(p.Dir())
	if err != nil {
		return vfs.Entry{}, err
	}
	defer d.close()
	if p.IsRoot() {
		return d.withRights(d.self.entry("/", vfs.WantAll), d.writable(".")), nil
	}
	in, err := d.stat(p.Base(), true)
	if err != nil {
		return vfs.Entry{}, err
	}
	if in.isLink() {
		in = f.folder.followOr(p, in)
	}
	return d.withRights(in.entry(p.Base(), vfs.WantAll), d.writable(".")), nil
}

// withRights gives e, an entry of d, its rights. They are those of the tree less
// what the system would refuse: to replace, remove and rename is a matter of the
// directory that holds the name, and not of the file.
func (d *dir) withRights(e vfs.Entry, writable bool) vfs.Entry {
	e.Rights = vfs.RightsOf(e, writable)
	const within = vfs.MayCreate | vfs.MayMkdir | vfs.MayPurge
	switch {
	case e.Kind != vfs.KindDir, e.Name == "/", superuser():
	case !writable:
		if d.writable(e.Name) {
			e.Rights |= within
		}
	case !d.writable(e.Name):
		e.Rights &^= within
	}
	return e
}

// Hash implements vfs.FS.
func (f *FS) Hash(ctx context.Context, p vfs.Path, h vfs.Hash, from, to int64) ([]byte, error) {
	file, err := f.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	sum, err := vfs.HashFile(ctx, file, h, from, to)
	if err != nil {
		return nil, f.fail("hash", p, err)
	}
	return sum, nil
}

// Space implements vfs.FS.
func (f *FS) Space(ctx context.Context, p vfs.Path) (vfs.Space, error) {
	if err := f.mayFind(ctx, p); err != nil {
		return vfs.Space{}, f.fail("tell the space of", p, err)
	}
	d, err := f.folder.openDir(p)
	if err != nil {
		return vfs.Space{}, f.fail("tell the space of", p, err)
	}
	defer d.close()
	free, total := d.space()
	return vfs.Space{Free: free, Total: total}, nil
}
