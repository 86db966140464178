package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdFeat lists what the rows of the table promise, in the order of the table
// (RFC 2389 §3.2).
func cmdFeat(_ context.Context, s *session, _ string) (ftp.Reply, error) {
	lines := []string{"Extensions:"}
	for _, row := range s.srv.rows {
		if row.feat != nil && !row.off && !row.never {
			lines = append(lines, row.feat(s)...)
		}
	}
	return ftp.Reply{Code: ftp.Code211Status, Lines: append(lines, "End")}, nil
}
