package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdMdtm tells the modification time of a file, and nothing else: the form of it
// that some servers take for setting the time would break names that look like a
// time (RFC 3659 §3.1).
func cmdMdtm(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	e, err := s.statFile(ctx, arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	return ftp.Replyf(ftp.Code213FileStatus, "%s", ftp.FormatTime(e.ModTime)), nil
}
