package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdClnt takes the name of the client's program, and does nothing by it: what a
// program calls itself must change nothing (not in an RFC; FEAT names it where it is
// wanted, and some clients send it anyway).
func cmdClnt(context.Context, *session, string) (ftp.Reply, error) {
	return ftp.Replyf(ftp.Code200OK, "Noted."), nil
}
