package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdAbor stops the running job; its end then sends 426 and 226 (RFC 959 §4.1.3).
// Without one it only gives up the pending data port.
func cmdAbor(_ context.Context, s *session, _ string) (ftp.Reply, error) {
	if s.job == nil {
		s.dropOffer()
		return ftp.Replyf(ftp.Code225NoTransfer, "No transfer to abort."), nil
	}
	s.aborting = true
	s.job.cancel(errAborted)
	return ftp.Reply{}, nil
}
