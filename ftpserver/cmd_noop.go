package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

func cmdNoop(context.Context, *session, string) (ftp.Reply, error) {
	return ftp.Replyf(ftp.Code200OK, "OK."), nil
}
