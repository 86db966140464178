package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// siteChmod sets the permission bits of a file or directory.
func siteChmod(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	digits, name, _ := strings.Cut(arg, " ")
	mode, err := parseMode(digits)
	if err != nil {
		return ftp.Reply{}, err
	}
	if name == "" {
		return ftp.Replyf(ftp.Code501BadParameter, "SITE CHMOD needs a mode and a path."), nil
	}
	p, err := s.path(name)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.setAttr(ctx, p, vfs.Attr{Mode: &mode}); err != nil {
		return ftp.Reply{}, err
	}
	s.marked("SITE CHMOD", p, vfs.Attr{Mode: &mode})
	return ftp.Replyf(ftp.Code200OK, "Mode changed."), nil
}
