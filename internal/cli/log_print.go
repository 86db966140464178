package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/sealane/sealane/internal/trail"
	"github.com/sealane/sealane/internal/ui"
)

// linePrinter shows lines in one form.
type linePrinter interface {
	print(l *trail.Line, raw []byte) error
	flush() error
}

// newPeoplePrinter is for people, in colour on a terminal.
func newPeoplePrinter(env *Env) linePrinter {
	colour := ui.IsTerminal(env.Stdout) && env.Getenv("NO_COLOR") == "" && env.Getenv("TERM") != "dumb"
	return peoplePrinter{env.Stdout, colour}
}

type peoplePrinter struct {
	w      io.Writer
	colour bool
}

func (p peoplePrinter) flush() error { return nil }

func (p peoplePrinter) print(l *trail.Line, _ []byte) error {
	e := &l.Event
	verdict := fmt.Sprintf("%-7s", e.Verdict)
	if p.colour {
		switch e.Verdict {
		case "failed", "refused":
			verdict = "\x1b[31m" + verdict + "\x1b[0m"
		case "aborted":
			verdict = "\x1b[33m" + verdict + "\x1b[0m"
		}
	}
	text := fmt.Sprintf("%s  %-15s  %s  %-12s  %-15s  %s", e.Time.UTC().Format("2006-01-02 15:04:05"), ui.Safe(string(e.Kind)), verdict,
		orDash(ui.Safe(wasOf(e))), orDash(ui.Safe(e.Address)), ui.Safe(story(e)))
	_, err := fmt.Fprintln(p.w, strings.TrimRight(text, " "))
	return err
}

// story says in words what is particular to an event.
func story(e *trail.Event) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	texts := func(all ...string) {
		for _, s := range all {
			if s != "" {
				parts = append(parts, s)
			}
		}
	}
	texts(e.Verb, e.Path)
	if e.To != "" {
		add("to %s", e.To)
	}
	switch e.Kind {
	case "transfer":
		add("%s in %s, %s", ui.Size(e.Bytes), e.Took().Round(time.Millisecond), ui.Rate(e.Bytes, e.Took()))
		if e.Offset > 0 {
			add("from byte %d", e.Offset)
		}
		texts(e.Hash, e.End)
	case "session-end":
		add("after %s, %s, %s, %s up, %s down", e.Took().Round(time.Millisecond), ui.Counted(e.Commands, "command"), ui.Counted(e.Transfers, "transfer"), ui.Size(e.Received), ui.Size(e.Sent))
		texts(e.Client)
	case "tls":
		texts(e.TLS, e.Suite, e.Group, e.SNI)
		if e.Certificate != "" {
			add("certificate of %s", e.Certificate)
		}
	case "hash":
		add("%s", ui.Size(e.Bytes))
		texts(e.Hash)
	case "login", "login-failed":
		texts(e.Method)
	case trail.Lost:
		add("%d lost for %s", e.Lost, e.Sink)
	case trail.Recovered:
		add("%s dropped, %s missing", ui.Counted(e.Dropped, "byte"), ui.Counted(e.Missing, "line"))
	case trail.Checkpoint:
		add("signed with key %s", e.Key)
	}
	texts(e.Attributes, e.Actor, e.Action, e.Object, e.Detail, e.File)
	if e.Reply != 0 {
		add("%d", e.Reply)
	}
	texts(e.Rule, e.Error)
	return strings.Join(parts, "  ")
}

// rawPrinter gives the lines as they are in the files: JSON, one a line.
type rawPrinter struct{ w io.Writer }

func (p rawPrinter) print(_ *trail.Line, raw []byte) error {
	_, err := p.w.Write(append(raw, '\n'))
	return err
}

func (p rawPrinter) flush() error { return nil }

// csvPrinter gives a table with a column for every member (RFC 4180).
type csvPrinter struct{ w *csv.Writer }

func newCSVPrinter(w io.Writer) (linePrinter, error) {
	p := csvPrinter{csv.NewWriter(w)}
	var names []string
	for _, m := range trail.Members() {
		names = append(names, m.Name)
	}
	return p, p.w.Write(names)
}

func (p csvPrinter) print(l *trail.Line, _ []byte) error {
	cells := l.Values()
	for i, s := range cells {
		// A program for tables takes a text that begins so for a formula (V-07).
		if s = ui.Safe(s); s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
			s = "'" + s
		}
		cells[i] = s
	}
	return p.w.Write(cells)
}

func (p csvPrinter) flush() error {
	p.w.Flush()
	return p.w.Error()
}

// xferlogPrinter gives transfers and deletions as wu-ftpd and its successors log them,
// for programs that read that: times are in UTC, and spaces in names are underscores.
type xferlogPrinter struct{ w io.Writer }

func (p xferlogPrinter) flush() error { return nil }

func (p xferlogPrinter) print(l *trail.Line, _ []byte) error {
	e := &l.Event
	direction := map[string]string{
		"RETR": "o", "STOR": "i", "APPE": "i", "STOU": "i", "DELE": "d",
	}[e.Verb]
	if direction == "" || e.Kind != "transfer" && e.Kind != "change" {
		return nil
	}
	kind, status, host := "b", "c", e.Address
	if e.Type == "ascii" {
		kind = "a"
	}
	if e.Verdict != "ok" {
		status = "i"
	}
	if addr, err := netip.ParseAddr(host); err != nil || addr.Zone() != "" {
		host = "-"
	}
	_, err := fmt.Fprintf(p.w, "%s %d %s %d %s %s _ %s r %s ftps 0 * %s\n", e.Time.UTC().Format("Mon Jan _2 15:04:05 2006"),
		int64(e.Took().Round(time.Second)/time.Second), host, e.Bytes, xferName(e.Path), kind, direction, xferName(e.Account), status)
	return err
}

// xferName makes a name one word of one line.
func xferName(s string) string {
	return orDash(strings.Map(func(r rune) rune {
		if r == ' ' || r == '\u00a0' {
			return '_'
		}
		return r
	}, ui.Safe(s)))
}
