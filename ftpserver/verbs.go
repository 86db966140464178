package ftpserver

import (
	"fmt"
	"strings"
)

// VerbPolicy changes which commands are answered; the others say 502 (CCC: 533 or
// 534), and FEAT and HELP do not mention them. Names are those of [Commands], those
// of SITE with "SITE " in front of them. A name that is not there is an error of
// Serve.
type VerbPolicy struct {
	On  []string // of those that CommandInfo.Off marks
	Off []string // of all others
}

// apply turns rows on and off.
func (p VerbPolicy) apply(rows []command) error {
	for _, change := range []struct {
		names []string
		off   bool
	}{{p.On, false}, {p.Off, true}} {
		for _, name := range change.names {
			if !setOff(rows, strings.ToUpper(name), change.off) {
				return fmt.Errorf("ftpserver: Server.Verbs names %q, which is no command that can be turned on or off", name)
			}
		}
	}
	return nil
}

func setOff(rows []command, verb string, off bool) bool {
	for i := range rows {
		if rows[i].verb == verb && !rows[i].never {
			rows[i].off = off
			return true
		}
	}
	return false
}
