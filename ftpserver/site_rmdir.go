package ftpserver

import (
	"context"
	"errors"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// siteRmdir removes a directory with all that is in it. It is a job, so that ABOR and
// the end of the session stop it; what was removed by then stays so.
func siteRmdir(ctx context.Context, s *session, arg string) (*job, error) {
	p, err := s.path(arg)
	if err != nil {
		return nil, err
	}
	e, err := s.grant.FS.Stat(ctx, p)
	switch {
	case err != nil:
		return nil, err
	case !e.IsDir():
		return nil, vfs.ErrNotDir
	case p.IsRoot():
		return nil, vfs.ErrPermission
	}
	tree := s.grant.FS
	return &job{
		run: func(ctx context.Context) outcome {
			if err := removeTree(ctx, tree, p); err != nil {
				return outcome{err: err}
			}
			return outcome{reply: ftp.Replyf(ftp.Code250Done, "Directory removed, with all that was in it.")}
		},
		// Told also where it failed half way: by then something may be gone.
		then: func(*outcome) { s.changed("SITE RMDIR", p) },
	}, nil
}

// removeBatch is how many names of a directory are held at a time.
const removeBatch = 1000

// removeTree removes directory p, a batch of names after the other, so that a huge
// directory is never held whole. A link is removed, and not what it leads to: Remove is
// tried before anything is taken for a directory.
func removeTree(ctx context.Context, tree vfs.FS, p vfs.Path) error {
	for {
		names, err := someNames(ctx, tree, p)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := removeChild(ctx, tree, p, name); err != nil {
				return err
			}
		}
		if len(names) < removeBatch {
			return tree.Rmdir(ctx, p)
		}
	}
}

func someNames(ctx context.Context, tree vfs.FS, p vfs.Path) (names []string, err error) {
	for e, err := range tree.List(ctx, p, vfs.WantKind) {
		if err != nil {
			return nil, err
		}
		if names = append(names, e.Name); len(names) == removeBatch {
			break
		}
	}
	return names, nil
}

func removeChild(ctx context.Context, tree vfs.FS, p vfs.Path, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	child, err := p.Join("./" + name)
	if err != nil {
		return err
	}
	err = tree.Remove(ctx, child)
	if errors.Is(err, vfs.ErrIsDir) {
		err = removeTree(ctx, tree, child)
	}
	if errors.Is(err, vfs.ErrNotExist) {
		return nil
	}
	return err
}
