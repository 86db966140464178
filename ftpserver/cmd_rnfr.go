package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// cmdRnfr names what is to be renamed; RNTO must follow at once (RFC 959 §4.1.3).
func cmdRnfr(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if p.IsRoot() {
		return ftp.Reply{}, vfs.ErrPermission
	}
	if _, err := s.grant.FS.Stat(ctx, p); err != nil {
		return ftp.Reply{}, err
	}
	s.next.renameFrom, s.next.renaming = p, true
	return ftp.Replyf(ftp.Code350Pending, "Now send RNTO."), nil
}
