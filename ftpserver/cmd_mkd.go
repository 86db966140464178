package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdMkd makes a directory and answers its absolute path, which works in a later
// CWD whatever the working directory is then (RFC 959 appendix II).
func cmdMkd(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.mkdir(ctx, p); err != nil {
		return ftp.Reply{}, err
	}
	s.changed("MKD", p)
	return ftp.Replyf(ftp.Code257Path, "%s created.", quotePath(p)), nil
}
