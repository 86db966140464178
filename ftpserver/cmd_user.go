package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdUser names the account. It flushes any login (RFC 959 §4.1.1) and always
// answers 331, whether or not the name exists (RFC 2577 §7).
func cmdUser(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	if s.cleared {
		return s.afterCcc(), nil // another password would cross the network in clear
	}
	s.logout()
	s.next.user, s.next.hasUser = arg, true
	return ftp.Replyf(ftp.Code331NeedPassword, "Password required."), nil
}
