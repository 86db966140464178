//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// tally is what the log of a server says in sum.
type tally struct {
	started, ended int            // sessions
	moved          map[string]int // transfers that ended with 226, by verb
	resumed        int            // of them with a resumed TLS session
	refused        int            // transfers that ended otherwise
	warnings       int
	addresses      []string // where sessions came from
}

func (l tally) String() string {
	all := 0
	for _, n := range l.moved {
		all += n
	}
	return fmt.Sprintf("%d sessions, %d data connections %v of which %d resumed, %d refused, %d warnings",
		l.started, all, l.moved, l.resumed, l.refused, l.warnings)
}

// tally reads the log so far.
func (s *server) tally() tally {
	l := tally{moved: make(map[string]int)}
	seen := make(map[string]bool)
	for line := range strings.Lines(s.output.String()) {
		if strings.Contains(line, " level=WARN ") {
			l.warnings++
		}
		switch {
		case strings.Contains(line, " msg=session-start "):
			l.started++
			remote := field(line, "remote")
			host := remote[:strings.LastIndexByte(remote, ':')+1]
			if !seen[host] {
				seen[host] = true
				l.addresses = append(l.addresses, host)
			}
		case strings.Contains(line, " msg=session-end "):
			l.ended++
		case !strings.Contains(line, " msg=transfer "):
		case field(line, "reply") == "226":
			l.moved[field(line, "verb")]++
			if field(line, "resumed") == "true" {
				l.resumed++
			}
		default:
			l.refused++
		}
	}
	return l
}

// field is the value of a name in a line of the log.
func field(line, name string) string {
	_, rest, _ := strings.Cut(line, " "+name+"=")
	value, _, _ := strings.Cut(rest, " ")
	return strings.TrimSpace(value)
}

// drained waits until the server has ended every session that it began, as the
// clients have. It is to be called when they are done. Since the log is written aside,
// it must be silent for a moment.
func (s *server) drained(t *testing.T) tally {
	t.Helper()
	late := time.After(30 * time.Second)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for said := -1; ; {
		l, now := s.tally(), len(s.output.String())
		if l.started == l.ended && now == said {
			return l
		}
		said = now
		select {
		case <-late:
			t.Errorf("%d of %d sessions have not ended 30 seconds after their clients", l.started-l.ended, l.started)
			return l
		case <-again.C:
		}
	}
}
