package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// cmdMfmt sets the modification time of a file or directory
// (draft-somers-ftp-mfxx-04 §3.1).
func cmdMfmt(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	when, name, ok := strings.Cut(arg, " ")
	t, err := ftp.ParseTime(when)
	if err != nil || !ok || name == "" {
		return ftp.Replyf(ftp.Code501BadParameter, "MFMT needs a time (YYYYMMDDHHMMSS) and a path."), nil
	}
	p, err := s.path(name)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.setAttr(ctx, p, vfs.Attr{ModTime: t}); err != nil {
		return ftp.Reply{}, err
	}
	s.marked("MFMT", p, vfs.Attr{ModTime: t})
	return ftp.Replyf(ftp.Code213FileStatus, "Modify=%s; %s", ftp.FormatTime(t), name), nil
}
