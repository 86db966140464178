package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdNever is the handler of rows that are known and never done: the dispatcher
// answers 502 for them before it comes to this.
func cmdNever(_ context.Context, _ *session, _ string) (ftp.Reply, error) {
	return ftp.Replyf(ftp.Code502NotImplemented, "Not done here."), nil
}
