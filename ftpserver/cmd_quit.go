package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdQuit ends the session. During a transfer the dispatcher holds it back until
// the transfer has its result (RFC 959 §4.1.1).
func cmdQuit(_ context.Context, s *session, _ string) (ftp.Reply, error) {
	s.close(ftp.Replyf(ftp.Code221Bye, "Goodbye."))
	return ftp.Reply{}, nil
}
