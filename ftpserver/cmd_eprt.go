package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// cmdEprt takes the client's port for the next transfer, on IPv4 or IPv6 (RFC 2428
// §2).
func cmdEprt(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	return s.active(arg, dataconn.ParseEPRT)
}

// featEprt lists EPRT where active mode is on.
func featEprt(s *session) []string {
	if s.srv == nil || !s.srv.Data.Active {
		return nil
	}
	return []string{"EPRT"}
}
