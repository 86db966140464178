package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdCsid takes the name and version of the client's program, as CLNT does, and tells
// the server's name (in use, not registered). Its version is nobody's business.
func cmdCsid(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	s.view.set(func(i *SessionInfo) { i.Client = arg[:min(len(arg), maxClientName)] })
	return ftp.Replyf(ftp.Code200OK, "Name=Sealane;"), nil
}
