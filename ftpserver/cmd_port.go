package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdPort refuses active mode, PORT and EPRT alike, whatever the argument names:
// no connection ever leaves this server, so it cannot be used to bounce (RFC 2577
// §3).
func cmdPort(context.Context, *session, string) (ftp.Reply, error) {
	return ftp.Replyf(ftp.Code502NotImplemented, "Active mode is off; use PASV or EPSV."), nil
}
