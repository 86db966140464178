package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

func cmdPwd(_ context.Context, s *session, _ string) (ftp.Reply, error) {
	return ftp.Replyf(ftp.Code257Path, "%s is the working directory.", quotePath(s.cwd)), nil
}
