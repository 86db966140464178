package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdCdup changes to the parent; that of the root is the root.
func cmdCdup(ctx context.Context, s *session, _ string) (ftp.Reply, error) {
	return s.changeDir(ctx, s.cwd.Dir())
}
