package ftpserver

import (
	"context"
	"slices"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdHelp lists the verbs of the table, or explains one.
func cmdHelp(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	if arg == "" {
		return s.help(""), nil
	}
	row := s.srv.table[strings.ToUpper(arg)]
	if row == nil || row.off || row.never {
		return ftp.Replyf(ftp.Code501BadParameter, "Unknown command."), nil
	}
	syntax := strings.TrimSpace(row.verb + " " + row.syntax)
	return ftp.Reply{Code: ftp.Code214Help, Lines: []string{"Syntax: " + syntax, row.summary, row.rfc}}, nil
}

// help lists the verbs that begin with prefix, without it, and without those that
// are parts of others.
func (s *session) help(prefix string) ftp.Reply {
	const perLine = 10
	var verbs []string
	for verb, row := range s.srv.table {
		verb, ok := strings.CutPrefix(verb, prefix)
		if ok && !strings.Contains(verb, " ") && !row.off && !row.never {
			verbs = append(verbs, verb)
		}
	}
	slices.Sort(verbs)
	lines := []string{"Commands:"}
	for chunk := range slices.Chunk(verbs, perLine) {
		lines = append(lines, strings.Join(chunk, " "))
	}
	return ftp.Reply{Code: ftp.Code214Help, Lines: append(lines, "HELP "+prefix+"verb explains one.")}
}
