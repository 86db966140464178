package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// siteChgrp gives a file or directory to a group, by name or number. Which groups an
// account may name is a matter of its storage.
func siteChgrp(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	group, name, _ := strings.Cut(arg, " ")
	if group == "" || name == "" {
		return ftp.Replyf(ftp.Code501BadParameter, "SITE CHGRP needs a group and a path."), nil
	}
	p, err := s.path(name)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.setAttr(ctx, p, vfs.Attr{Group: group}); err != nil {
		return ftp.Reply{}, err
	}
	s.marked("SITE CHGRP", p, vfs.Attr{Group: group})
	return ftp.Replyf(ftp.Code200OK, "Group changed."), nil
}
