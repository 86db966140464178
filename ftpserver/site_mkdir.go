package ftpserver

import (
	"context"
	"errors"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// siteMkdir makes a directory, and those above it that are not there.
func siteMkdir(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.mkdirAll(ctx, p); err != nil {
		return ftp.Reply{}, err
	}
	s.changed("SITE MKDIR", p)
	return ftp.Replyf(ftp.Code200OK, "The directory is there."), nil
}

func (s *session) mkdirAll(ctx context.Context, p vfs.Path) error {
	e, err := s.grant.FS.Stat(ctx, p)
	switch {
	case err == nil && e.IsDir():
		return nil
	case err == nil:
		return vfs.ErrNotDir
	case !errors.Is(err, vfs.ErrNotExist):
		return err
	}
	if err := s.mkdirAll(ctx, p.Dir()); err != nil {
		return err
	}
	if err := s.mkdir(ctx, p); err != nil && !errors.Is(err, vfs.ErrExist) {
		return err
	}
	return nil
}
