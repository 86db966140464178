package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// siteSymlink makes a symbolic link. Its target is a path of the tree, like all that a
// client names, and the storage keeps it within.
func siteSymlink(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	names, ok := quotedFields(arg)
	if !ok || len(names) != 2 {
		return ftp.Replyf(ftp.Code501BadParameter, `SITE SYMLINK needs a target and a path; put "" around one with spaces.`), nil
	}
	target, err := s.path(names[0])
	if err != nil {
		return ftp.Reply{}, err
	}
	p, err := s.path(names[1])
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.grant.FS.Symlink(ctx, target, p); err != nil {
		return ftp.Reply{}, err
	}
	s.moved("SITE SYMLINK", target, p)
	return ftp.Replyf(ftp.Code200OK, "Link made."), nil
}
