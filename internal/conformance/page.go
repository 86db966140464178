package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

const pageHead = `# What is demanded, and which tests prove it

Generated from the tests, from ` + "`internal/conformance/ids`" + ` and from a test run by ` + "`make conformance`" + `; do not edit. CI does the same and fails if
this page differs, if a demand of a standard has neither a test nor a reason, or if a test names an id that does not exist.

A test carries an id in its comment, in a name of a case or in the head of a transcript. The last column is of the tests beside it, run on
Linux: **pass**; **fail**; **skip**, where the machine lacks something; **interop**, where only the tests with real clients and disks
carry it (` + "`make interop`" + `, in each CI run; their long forms by ` + "`make durability`" + `); **open**, where nothing does. "As S-30"
means that the tests of S-30 are meant. A reason in italics says what is not met, or not yet.

`

// page is the text of docs/conformance.md.
func page(families []family, tests []test, v verdicts) string {
	carriers := map[string][]test{}
	for _, t := range tests {
		for _, id := range t.IDs {
			carriers[id] = append(carriers[id], t)
		}
	}
	var b strings.Builder
	b.WriteString(pageHead)
	b.WriteString("| family | demands | with a test | with a test and a reservation | with a reason only | open |\n|---|---|---|---|---|---|\n")
	for _, f := range families {
		n := tally(f, carriers)
		fmt.Fprintf(&b, "| [%s: %s](#%s) | %d | %d | %d | %d | %d |\n", f.Letter, f.Title, anchor(f), len(f.Demands), n.whole+n.part, n.part, n.reason, n.open)
	}
	for _, f := range families {
		fmt.Fprintf(&b, "\n## %s: %s\n\n", f.Letter, f.Title)
		if f.Leveled {
			b.WriteString("| id | source | who | demand | tests | verdict |\n|---|---|---|---|---|---|\n")
		} else {
			b.WriteString("| id | subject | demand | tests | verdict |\n|---|---|---|---|---|\n")
		}
		for _, d := range f.Demands {
			b.WriteString(row(f, d, carriers, v))
		}
	}
	return b.String()
}

type counts struct{ whole, part, reason, open int }

func tally(f family, carriers map[string][]test) (n counts) {
	for _, d := range f.Demands {
		switch has := len(proof(d, carriers)) > 0; {
		case has && d.Why != "":
			n.part++
		case has:
			n.whole++
		case d.Why != "":
			n.reason++
		default:
			n.open++
		}
	}
	return n
}

// proof are the tests of a demand: its own, and those of the demands that stand for it,
// if each of them has some.
func proof(d demand, carriers map[string][]test) []test {
	out := slices.Clone(carriers[d.ID])
	for _, id := range d.By {
		if len(carriers[id]) == 0 {
			return carriers[d.ID]
		}
		out = append(out, carriers[id]...)
	}
	return out
}

func row(f family, d demand, carriers map[string][]test, v verdicts) string {
	cells := []string{d.ID, d.Source}
	if f.Leveled {
		cells = append(cells, levelWords(d.Level))
	}
	tests := proof(d, carriers)
	shown := links(carriers[d.ID])
	if len(d.By) > 0 {
		shown = strings.TrimSuffix("as "+strings.Join(d.By, ", ")+"<br>"+shown, "<br>")
	}
	end := "open"
	if len(tests) > 0 {
		end = verdict(tests, v)
	} else if d.Why != "" {
		end = "reason"
	}
	if d.Why != "" {
		shown = strings.TrimPrefix(shown+"<br>*"+cell(d.Why)+"*", "<br>")
	}
	return "| " + strings.Join(append(cells, cell(d.Text), shown, end), " | ") + " |\n"
}

// links names the tests by package and function, each linked to its file.
func links(tests []test) string {
	var out []string
	for _, t := range tests {
		name := t.Name
		if _, sub, ok := strings.Cut(name, "/"); ok {
			name = sub + path.Ext(t.File)
		}
		out = append(out, fmt.Sprintf("%s [%s](../%s)", t.Package, name, t.File))
	}
	return strings.Join(slices.Compact(out), "<br>")
}

func anchor(f family) string {
	s := strings.ToLower(f.Letter + ": " + f.Title)
	return strings.ReplaceAll(strings.NewReplacer(":", "", ",", "").Replace(s), " ", "-")
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// static is a page without the verdicts, which only a test run knows.
func static(page string) string {
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		id, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " ")
		if cut := strings.LastIndex(strings.TrimSuffix(line, " |"), " | "); len(mentions(id)) == 1 && cut > 0 {
			lines[i] = line[:cut]
		}
	}
	return strings.Join(lines, "\n")
}

// firstDifference is the first line of want that got has not in its place, or "".
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i, line := range w {
		if i >= len(g) || g[i] != line {
			return line
		}
	}
	if len(g) > len(w) {
		return "(no further line)"
	}
	return ""
}
