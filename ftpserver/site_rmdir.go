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
		then: func(out *outcome) {
			if out.err == nil {
				s.changed("SITE RMDIR", p)
			}
		},
	}, nil
}

// removeTree removes directory p. A link is removed, and not what it leads to: Remove
// is tried before anything is taken for a directory.
func removeTree(ctx context.Context, tree vfs.FS, p vfs.Path) error {
	var names []string
	for e, err := range tree.List(ctx, p, vfs.WantKind) {
		if err != nil {
			return err
		}
		names = append(names, e.Name)
	}
	for _, name := range names {
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
		if err != nil && !errors.Is(err, vfs.ErrNotExist) {
			return err
		}
	}
	return tree.Rmdir(ctx, p)
}
