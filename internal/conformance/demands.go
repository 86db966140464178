package main

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

// ids holds one file per family. A line is "ID | source | level | demand". Below it may
// stand "why: " and why it is not met, or not in full; or "by: " and the other demands
// whose tests are its own.
//
//go:embed ids/*.txt
var ids embed.FS

// demand is one thing that must hold.
type demand struct {
	ID     string
	Source string // a standard with its section, a CVE, or a subject
	Level  string // in the families that come from standards: sM, cS, and so on
	Text   string
	Why    string // why it is not met, or not in full; "" if it is
	By     []string
}

// family is a group of demands with one letter.
type family struct {
	Letter  string
	Title   string
	Leveled bool // its demands have a level
	Strict  bool // each of its demands has a test or a reason why not
	Demands []demand
}

// families are those of the page, in its order.
func families() []family {
	return []family{
		{Letter: "R", Title: "Standards", Leveled: true, Strict: true},
		{Letter: "T", Title: "TLS, and data connections that belong to their session"},
		{Letter: "SP", Title: "Shared data ports"},
		{Letter: "S", Title: "Attacks on the server"},
		{Letter: "C", Title: "Attacks on the client"},
		{Letter: "F", Title: "Faults"},
		{Letter: "D", Title: "Durability"},
		{Letter: "V", Title: "Known vulnerabilities of other programs"},
	}
}

func readDemands() ([]family, error) {
	all := families()
	for i := range all {
		name := "ids/" + strings.ToLower(all[i].Letter) + ".txt"
		text, err := ids.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if all[i].Demands, err = parseDemands(all[i], string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return all, nil
}

var level = regexp.MustCompile(`^[scb][MSP](,[sc][MSP])*$`)

func parseDemands(f family, text string) ([]demand, error) {
	var out []demand
	seen := map[string]bool{}
	for n, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if why, ok := strings.CutPrefix(line, "why: "); ok {
			if len(out) == 0 || out[len(out)-1].Why != "" {
				return nil, fmt.Errorf("line %d: a reason for nothing", n+1)
			}
			out[len(out)-1].Why = strings.TrimSpace(why)
			continue
		}
		if by, ok := strings.CutPrefix(line, "by: "); ok {
			if len(out) == 0 || len(mentions(by)) == 0 {
				return nil, fmt.Errorf("line %d: no ids for anything", n+1)
			}
			out[len(out)-1].By = mentions(by)
			continue
		}
		part := strings.SplitN(line, " | ", 4)
		if len(part) != 4 {
			return nil, fmt.Errorf("line %d: not ID | source | level | demand: %q", n+1, line)
		}
		d := demand{ID: part[0], Source: part[1], Level: part[2], Text: part[3]}
		found := mentions(d.ID)
		switch {
		case len(found) != 1 || found[0] != d.ID || !strings.HasPrefix(d.ID, f.Letter+"-"):
			return nil, fmt.Errorf("line %d: %q is no id of this family", n+1, d.ID)
		case seen[d.ID]:
			return nil, fmt.Errorf("line %d: %s is there twice", n+1, d.ID)
		case f.Leveled && !level.MatchString(d.Level), !f.Leveled && d.Level != "-":
			return nil, fmt.Errorf("line %d: level %q", n+1, d.Level)
		}
		seen[d.ID] = true
		out = append(out, d)
	}
	return out, nil
}

// levelWords spells a level out: "sM,cS" is "server must, client should".
func levelWords(s string) string {
	words := strings.NewReplacer("s", "server ", "c", "client ", "b", "both ", "M", "must", "S", "should", "P", "our choice", ",", ", ")
	return words.Replace(s)
}
