package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdStru accepts file structure (RFC 959 §3.1.2).
func cmdStru(_ context.Context, _ *session, arg string) (ftp.Reply, error) {
	switch strings.ToUpper(arg) {
	case "F":
		return ftp.Replyf(ftp.Code200OK, "Structure set to file."), nil
	case "R", "P":
		return ftp.Replyf(ftp.Code504BadParameterValue, "Only file structure is supported."), nil
	}
	return ftp.Replyf(ftp.Code501BadParameter, "Not a structure."), nil
}
