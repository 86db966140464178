package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdMode accepts stream mode (RFC 959 §3.4).
func cmdMode(_ context.Context, _ *session, arg string) (ftp.Reply, error) {
	switch strings.ToUpper(arg) {
	case "S":
		return ftp.Replyf(ftp.Code200OK, "Mode set to stream."), nil
	case "B", "C", "Z":
		return ftp.Replyf(ftp.Code504BadParameterValue, "Only stream mode is supported."), nil
	}
	return ftp.Replyf(ftp.Code501BadParameter, "Not a mode."), nil
}
