package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdSyst names what clients take as "LIST looks like ls -l", on every system.
func cmdSyst(context.Context, *session, string) (ftp.Reply, error) {
	return ftp.Replyf(ftp.Code215System, "UNIX Type: L8"), nil
}
