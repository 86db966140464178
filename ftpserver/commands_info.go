package ftpserver

import (
	"slices"
	"strings"
)

func feat(lines ...string) func(*session) []string {
	return func(*session) []string { return lines }
}

// CommandInfo describes a verb for documentation.
type CommandInfo struct {
	Verb     string
	Aliases  []string
	Syntax   string // of the argument
	RFC      string
	Summary  string
	Login    bool     // only after login
	During   bool     // answered during a transfer
	Off      bool     // answered with 502 unless VerbPolicy turns it on
	Never    bool     // always answered with 502: known, and not done
	Features []string // FEAT lines, as at the start of a session
}

// Commands describes all verbs, sorted, as the table has them.
func Commands() []CommandInfo {
	fresh := new(session)
	fresh.resetParameters()
	var out []CommandInfo
	for _, row := range commandRows() {
		info := CommandInfo{
			Verb: row.verb, Aliases: row.aliases, Syntax: row.syntax, RFC: row.rfc, Summary: row.summary,
			Login: row.states == loggedIn, During: row.during, Off: row.off, Never: row.never,
		}
		if row.feat != nil {
			info.Features = row.feat(fresh)
		}
		out = append(out, info)
	}
	slices.SortFunc(out, func(a, b CommandInfo) int { return strings.Compare(a.Verb, b.Verb) })
	return out
}
