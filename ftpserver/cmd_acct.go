package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdAcct answers clients that send an account behind the password, as some hosts
// want it (RFC 959 §4.1.1). Nothing here does.
func cmdAcct(context.Context, *session, string) (ftp.Reply, error) {
	return ftp.Replyf(ftp.Code202Superfluous, "No account is needed."), nil
}
