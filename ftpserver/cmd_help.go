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
		return helpAll(), nil
	}
	row := s.srv.table[strings.ToUpper(arg)]
	if row == nil {
		return ftp.Replyf(ftp.Code501BadParameter, "Unknown command."), nil
	}
	syntax := strings.TrimSpace(row.verb + " " + row.syntax)
	return ftp.Reply{Code: ftp.Code214Help, Lines: []string{"Syntax: " + syntax, row.summary, row.rfc}}, nil
}

func helpAll() ftp.Reply {
	const perLine = 10
	var verbs []string
	for _, row := range commandRows() {
		verbs = append(append(verbs, row.verb), row.aliases...)
	}
	slices.Sort(verbs)
	lines := []string{"Commands:"}
	for chunk := range slices.Chunk(verbs, perLine) {
		lines = append(lines, strings.Join(chunk, " "))
	}
	return ftp.Reply{Code: ftp.Code214Help, Lines: append(lines, "HELP verb explains one.")}
}
