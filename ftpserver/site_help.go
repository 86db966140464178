package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// siteHelp lists the subcommands of SITE.
func siteHelp(_ context.Context, s *session, _ string) (ftp.Reply, error) {
	return s.help("SITE "), nil
}
