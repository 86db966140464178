package config

import (
	"strings"
)

// unknownKeys finds keys that the table does not have; of a table that is
// unknown itself, only its name.
func (d *decoder) unknownKeys() {
	known := map[string]bool{}
	for _, s := range settings() {
		in, _ := split(s.key)
		known[s.key], known[in] = true, true
	}
	var last position
	for _, k := range d.keys {
		below := last.row != "" && (k.row == last.row || strings.HasPrefix(k.row, last.row+".")) && strings.HasPrefix(k.key, last.key)
		if known[k.row] || below {
			continue
		}
		last = k
		d.found = append(d.found, &Error{
			Key: k.key, Line: k.line, Message: "unknown key " + k.row, Hint: nearest(k.row),
		})
	}
}

// nearest gives a hint what the unknown key may have been meant to be.
func nearest(row string) string {
	in, name := split(row)
	var here []string // what there is in the same place
	elsewhere := ""
	for _, sec := range sections() {
		if in == "" && sec.name != "" {
			here = append(here, sec.name)
		}
		for _, s := range sec.rows {
			section, known := split(s.key)
			if section == in {
				here = append(here, known)
			} else if known == name {
				elsewhere = section
			}
		}
	}
	best, least := "", 3
	for _, known := range here {
		if n := distance(strings.ToLower(name), known); n < least {
			best, least = known, n
		}
	}
	switch {
	case best != "":
		return "did you mean " + best + "?"
	case elsewhere != "":
		return name + " belongs into the section " + elsewhere
	case len(here) == 0:
		return "remove it"
	}
	return "known here: " + strings.Join(here, ", ")
}

// distance is Levenshtein's: how many letters to change, add or remove.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a) // no setting is that long
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
