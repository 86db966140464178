package osfs

import (
	"context"
	"io/fs"
	"strings"

	"github.com/sealane/sealane/vfs"
)

// maxLinks is how many links a path may go through.
const maxLinks = 40

// Symlink implements vfs.FS. The link is relative, so that it stays right when
// the folder is moved, and is followed (absolute ones are not).
func (f *FS) Symlink(ctx context.Context, target, p vfs.Path) error {
	if err := f.symlink(ctx, target, p); err != nil {
		return f.fail("link to "+target.String(), p, err)
	}
	return nil
}

func (f *FS) symlink(ctx context.Context, target, p vfs.Path) error {
	if err := f.mayMake(ctx, p); err != nil {
		return err
	}
	if err := f.mayMake(ctx, target); err != nil {
		return err
	}
	if p.IsRoot() {
		return vfs.ErrExist
	}
	d, err := f.folder.openDir(p.Dir())
	if err != nil {
		return err
	}
	defer d.close()
	// ".." in a link goes up from where the link truly is.
	real, err := f.folder.resolve(p.Dir())
	if err != nil {
		return err
	}
	c := f.changing(d)
	defer c.end()
	if err := f.folder.calls.symlink(d, relative(real, target), p.Base()); err != nil {
		return err
	}
	return c.sync()
}

// followLink describes what the link at p leads to. One that somebody has planted
// on the disk leads to nothing in the hidden folder.
func (t *folder) followLink(p vfs.Path) (info, error) {
	real, err := t.resolve(p)
	if err != nil {
		return info{}, err
	}
	for name := range strings.SplitSeq(real.Rel(), "/") {
		if isHidden(name) {
			return info{}, vfs.ErrNotExist
		}
	}
	return t.follow(p.Rel())
}

// followOr is the link itself if it leads nowhere.
func (t *folder) followOr(p vfs.Path, link info) info {
	if in, err := t.followLink(p); err == nil {
		in.link = true
		return in
	}
	return link
}

// resolve gives the path p without links.
func (t *folder) resolve(p vfs.Path) (vfs.Path, error) {
	var real vfs.Path
	rest, links := p.Rel(), 0
	if p.IsRoot() {
		return p, nil
	}
	for rest != "" {
		name, after, _ := strings.Cut(rest, "/")
		next, err := real.Join(name)
		if err != nil {
			return vfs.Path{}, err
		}
		rest = after
		in, err := t.root.Lstat(next.Rel())
		if err != nil {
			return vfs.Path{}, err
		}
		if in.Mode()&fs.ModeSymlink == 0 {
			real = next
			continue
		}
		text, err := t.root.Readlink(next.Rel())
		if err != nil {
			return vfs.Path{}, err
		}
		if links++; links > maxLinks {
			return vfs.Path{}, vfs.ErrPermission
		}
		rest = strings.Trim(text+"/"+rest, "/")
	}
	return real, nil
}

// relative is the way from directory from to target.
func relative(from, target vfs.Path) string {
	up := ""
	for !from.Contains(target) {
		from, up = from.Dir(), up+"../"
	}
	down := strings.TrimPrefix(strings.TrimPrefix(target.String(), from.String()), "/")
	if from == target {
		down = "."
	}
	return up + down
}
