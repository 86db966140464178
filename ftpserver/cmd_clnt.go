package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdClnt takes the name of the client's program, for people to see, and does nothing by it:
// what a program calls itself must change nothing (not in an RFC; FEAT names it where it is
// wanted, and some clients send it anyway).
func cmdClnt(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	s.view.set(func(i *SessionInfo) { i.Client = arg[:min(len(arg), maxClientName)] })
	return ftp.Replyf(ftp.Code200OK, "Noted."), nil
}
