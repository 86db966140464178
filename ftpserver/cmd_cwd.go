package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// cmdCwd changes the working directory.
func cmdCwd(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	return s.changeDir(ctx, p)
}

func (s *session) changeDir(ctx context.Context, p vfs.Path) (ftp.Reply, error) {
	e, err := s.grant.FS.Stat(ctx, p)
	if err != nil {
		return ftp.Reply{}, err
	}
	if !e.IsDir() {
		return ftp.Reply{}, vfs.ErrNotDir
	}
	s.cwd = p
	return ftp.Replyf(ftp.Code250Done, "Directory changed."), nil
}
