package ftpserver

import (
	"context"

	"github.com/sealane/sealane/vfs"
)

// cmdAppe receives what comes behind the end of a file. After REST it acts as
// STOR (RFC 3659 §5.3).
func cmdAppe(ctx context.Context, s *session, arg string) (*job, error) {
	if s.given.rest > 0 {
		return cmdStor(ctx, s, arg)
	}
	if err := s.noRange(); err != nil {
		return nil, err
	}
	return s.store(ctx, arg, vfs.Create{Append: true})
}
