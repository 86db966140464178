package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/wire"
)

// joinSite makes a subcommand of SITE that is known a verb of its own: each has
// its row in the table, with the same rules for states and arguments as all.
func (s *Server) joinSite(c wire.Command) wire.Command {
	if c.Verb != "SITE" {
		return c
	}
	sub, arg, _ := strings.Cut(c.Arg, " ")
	verb := "SITE " + strings.ToUpper(sub)
	if s.table[verb] == nil {
		return c
	}
	c.Verb, c.Arg = verb, arg
	return c
}

// cmdSite is what is left: a subcommand that does not exist (RFC 959 §4.1.3).
func cmdSite(context.Context, *session, string) (ftp.Reply, error) {
	return ftp.Replyf(ftp.Code501BadParameter, "Unknown SITE command; SITE HELP lists them."), nil
}
