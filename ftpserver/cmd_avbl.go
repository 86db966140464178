package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdAvbl tells how many bytes may still be stored in a directory, under the quota
// of the account (draft-peterson-streamlined-ftp-command-extensions §4).
func cmdAvbl(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	room, err := s.grant.FS.Space(ctx, p)
	switch {
	case err != nil:
		return ftp.Reply{}, err
	case room.Free < 0:
		return ftp.Replyf(ftp.Code550Unavailable, "Not known for this storage."), nil
	}
	return ftp.Replyf(ftp.Code213FileStatus, "%d", room.Free), nil
}
