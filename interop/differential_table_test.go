//go:build interop && linux

package interop

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	compatTable = "testdata/compat.txt"
	compatPage  = "../docs/design/0008-compat.md"
)

// difference is what Sealane does otherwise than some servers. What is not in
// theirs does as Sealane.
type difference struct {
	row
	ours   string
	theirs map[string]string // by the server's name
}

// reason explains differences.
type reason struct {
	why  string // "?" if nobody has said
	rows []difference
}

// compat is testdata/compat.txt: a line "why TITLE: TEXT", then the differences that
// it explains, their columns between tabs: group, step, what Sealane does, and of
// each server that does otherwise NAME=WHAT. Lines of "#" are a head that stays.
type compat struct {
	head    string
	reasons []reason
}

func readCompat(t *testing.T) compat {
	t.Helper()
	text, err := os.ReadFile(compatTable)
	if err != nil {
		t.Fatal(err)
	}
	var out compat
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		why, begins := strings.CutPrefix(line, "why ")
		switch {
		case line == "":
		case line[0] == '#':
			out.head += line + "\n"
		case begins:
			out.reasons = append(out.reasons, reason{why: why})
		case len(out.reasons) == 0:
			t.Fatalf("%s: %q comes before the first reason", compatTable, line)
		default:
			last := &out.reasons[len(out.reasons)-1]
			last.rows = append(last.rows, parseDifference(t, line))
		}
	}
	return out
}

func parseDifference(t *testing.T, line string) difference {
	t.Helper()
	f := strings.Split(line, "\t")
	if len(f) < 4 {
		t.Fatalf("%s: %q has %d columns, want 4 or more", compatTable, line, len(f))
	}
	d := difference{row: row{f[0], f[1]}, ours: f[2], theirs: map[string]string{}}
	for _, pair := range f[3:] {
		name, what, found := strings.Cut(pair, "=")
		if !found {
			t.Fatalf("%s: %q is not NAME=WHAT", compatTable, pair)
		}
		d.theirs[name] = what
	}
	return d
}

// with replaces the differences by those that were seen. What has no reason yet
// gets "?", and a reason that explains nothing any more is left out.
func (c compat) with(seen []difference) compat {
	place := map[row]int{}
	out := compat{head: c.head}
	for i, r := range c.reasons {
		out.reasons = append(out.reasons, reason{why: r.why})
		for _, d := range r.rows {
			place[d.row] = i
		}
	}
	open := reason{why: "?"}
	for _, d := range seen {
		if i, ok := place[d.row]; ok {
			out.reasons[i].rows = append(out.reasons[i].rows, d)
		} else {
			open.rows = append(open.rows, d)
		}
	}
	kept := out.reasons[:0]
	for _, r := range append(out.reasons, open) {
		if len(r.rows) > 0 {
			kept = append(kept, r)
		}
	}
	out.reasons = kept
	return out
}

// write writes the table and the page.
func (c compat) write(t *testing.T) {
	t.Helper()
	var b strings.Builder
	b.WriteString(c.head)
	for _, r := range c.reasons {
		fmt.Fprintf(&b, "\nwhy %s\n", r.why)
		for _, d := range r.rows {
			fmt.Fprintf(&b, "%s\t%s\t%s", d.group, d.name, d.ours)
			for _, p := range rivals() {
				if what, differs := d.theirs[p.name]; differs {
					fmt.Fprintf(&b, "\t%s=%s", p.name, what)
				}
			}
			b.WriteString("\n")
		}
	}
	for path, text := range map[string]string{compatTable: b.String(), compatPage: c.page()} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// check holds the table against what a server was seen to do, in both directions.
func (c compat) check(name string, seen map[row]difference) []string {
	var wrong []string
	explained := map[row]bool{}
	for _, r := range c.reasons {
		for _, d := range r.rows {
			was, differs := d.theirs[name]
			if !differs {
				continue
			}
			explained[d.row] = true
			now, differs := seen[d.row].theirs[name]
			switch {
			case !differs:
				wrong = append(wrong, fmt.Sprintf("%s, %s: %s does as Sealane, but %s explains a difference: take it out there", d.group, d.name, name, compatTable))
			case seen[d.row].ours != d.ours || now != was:
				wrong = append(wrong, fmt.Sprintf("%s, %s: Sealane %s, %s %s, but %s explains %s and %s", d.group, d.name, seen[d.row].ours, name, now, compatTable, d.ours, was))
			}
		}
	}
	for at, d := range seen {
		if what, differs := d.theirs[name]; differs && !explained[at] {
			wrong = append(wrong, fmt.Sprintf("%s, %s: Sealane %s, %s %s: explain it in %s (INTEROP_COMPAT=write adds it)", at.group, at.name, d.ours, name, what, compatTable))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// page is docs/design/0008-compat.md.
func (c compat) page() string {
	var b strings.Builder
	b.WriteString(`# 0008: where Sealane does not do as other servers

Status: measured; written by ` + "`INTEROP_COMPAT=write go test -tags interop -run TestDifferential ./interop`" + `. Do not edit it: the reasons are in
` + "`interop/testdata/compat.txt`" + `, the commands in ` + "`interop/testdata/differential.txt`" + `.

`)
	for line := range strings.Lines(c.head) {
		b.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, "#"), " "))
	}
	rows := 0
	for _, r := range c.reasons {
		rows += len(r.rows)
	}
	fmt.Fprintf(&b, "\n%d differences, %d reasons. An empty cell is a server that does as Sealane. A digit is the first one of a reply, two are those of a transfer's; what was\nreceived stands behind them.\n", rows, len(c.reasons))
	for _, r := range c.reasons {
		title, text, _ := strings.Cut(r.why, ": ")
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| command | Sealane |", title, text)
		for _, p := range rivals() {
			fmt.Fprintf(&b, " %s |", p.name)
		}
		b.WriteString("\n|---|---|" + strings.Repeat("---|", len(rivals())) + "\n")
		for _, d := range r.rows {
			fmt.Fprintf(&b, "| %s: %s | %s |", d.group, code(d.name), cell(d.ours))
			for _, p := range rivals() {
				fmt.Fprintf(&b, " %s |", cell(cmp.Or(d.theirs[p.name], "")))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// cell shows digits as they are and what was received as code.
func cell(what string) string {
	digits, content, found := strings.Cut(what, `"`)
	if !found {
		return what
	}
	return digits + code(`"`+content)
}

// code is text in a Markdown table as it is.
func code(s string) string {
	fence := "`"
	if strings.Contains(s, "`") {
		fence = "``"
	}
	return fence + strings.ReplaceAll(s, "|", `\|`) + fence
}

// F-16: the page says what the table says, and the table leaves nothing open.
func TestCompatPage(t *testing.T) {
	c := readCompat(t)
	page, err := os.ReadFile(compatPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != c.page() {
		t.Errorf("%s is not what %s says: run INTEROP_COMPAT=write go test -tags interop -run TestDifferential ./interop", compatPage, compatTable)
	}
	for _, r := range c.reasons {
		if title, text, _ := strings.Cut(r.why, ": "); title == "" || text == "" {
			t.Errorf("%s: the reason %q of %d differences is not TITLE: TEXT", compatTable, r.why, len(r.rows))
		}
		if len(r.rows) == 0 {
			t.Errorf("%s: %q explains nothing", compatTable, r.why)
		}
	}
}

// F-16: an unexplained difference is found, and so is an explanation that is no
// longer true, of the server that it is about and of no other.
func TestCompatCheck(t *testing.T) {
	at := func(name, ours, theirs string) difference {
		return difference{row{"g", name}, ours, map[string]string{"vsftpd": theirs}}
	}
	table := compat{reasons: []reason{{"A: b.", []difference{at("kept", "5", "2"), at("other", "5", "2"), at("gone", "5", "2")}}}}
	seen := map[row]difference{}
	for _, d := range []difference{at("kept", "5", "2"), at("other", "5", "4"), at("new", "2", "5")} {
		seen[d.row] = d
	}
	wrong := table.check("vsftpd", seen)
	for i, want := range []string{"g, gone: vsftpd does as Sealane", "g, new: Sealane 2, vsftpd 5: explain", "g, other: Sealane 5, vsftpd 4, but"} {
		if i >= len(wrong) || !strings.HasPrefix(wrong[i], want) {
			t.Errorf("got %q, want one of %q", wrong, want)
		}
	}
	if len(wrong) != 3 {
		t.Errorf("got %q, want three", wrong)
	}
	if wrong := table.check("proftpd", seen); len(wrong) != 0 {
		t.Errorf("proftpd, about which nothing is said: %q", wrong)
	}
}
