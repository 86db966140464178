package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// cmdMfct sets the creation time of a file or directory (draft-somers-ftp-mfxx-04
// §4). Most storages have none that can be set, so that FEAT does not list it.
func cmdMfct(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	when, name, ok := strings.Cut(arg, " ")
	t, err := ftp.ParseTime(when)
	if err != nil || !ok || name == "" {
		return ftp.Replyf(ftp.Code501BadParameter, "MFCT needs a time (YYYYMMDDHHMMSS) and a path."), nil
	}
	p, err := s.path(name)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.setAttr(ctx, p, vfs.Attr{Created: t}); err != nil {
		return ftp.Reply{}, err
	}
	s.marked("MFCT", p, vfs.Attr{Created: t})
	return ftp.Replyf(ftp.Code213FileStatus, "Create=%s; %s", ftp.FormatTime(t), name), nil
}
