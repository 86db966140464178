package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// cmdRnto renames what RNFR named, right before; the source is checked again
// here, by the rename itself.
func cmdRnto(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	if !s.given.renaming {
		return ftp.Replyf(ftp.Code503BadSequence, "Send RNFR right before RNTO."), nil
	}
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.grant.FS.Rename(ctx, s.given.renameFrom, p, vfs.Rename{}); err != nil {
		return ftp.Reply{}, err
	}
	s.moved("RNTO", s.given.renameFrom, p)
	return ftp.Replyf(ftp.Code250Done, "Renamed."), nil
}
