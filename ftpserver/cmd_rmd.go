package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

func cmdRmd(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.grant.FS.Rmdir(ctx, p); err != nil {
		return ftp.Reply{}, err
	}
	s.changed("RMD", p)
	return ftp.Replyf(ftp.Code250Done, "Directory removed."), nil
}
