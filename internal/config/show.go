package config

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Override is a value that goes over that of the file, and what it comes from.
type Override struct {
	Value any    // as TOML would decode it
	From  string // such as "--explicit"
}

// Show writes what is in force, as a file of settings in which each line says where it comes
// from: the file at path, which may be "", what goes over it, by key, or the defaults.
// What is neither set nor has a default is left out. Passwords and their hashes are hidden, so
// that the result can be shown to others, and is not complete. The settings must be
// valid.
func Show(w io.Writer, path string, over map[string]Override) error {
	s := shower{over: over, lines: map[string]int{}, tree: map[string]any{}}
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := toml.Decode(string(data), &s.tree); err != nil {
			return syntaxError(path, err)
		}
		for _, k := range scan(string(data)) {
			s.lines[k.key] = k.line
		}
		fmt.Fprintf(&s.text, "# Lines are those of %s\n", quoteTOML(path))
	}
	for _, sec := range sections() {
		if sec.rows[0].listed() {
			s.list(sec)
		} else {
			s.section(sec)
		}
	}
	_, err := io.WriteString(w, s.text.String())
	return err
}

type shower struct {
	tree  map[string]any
	lines map[string]int
	over  map[string]Override
	text  strings.Builder
}

// section writes one that is there at most once.
func (s *shower) section(sec section) {
	table := s.tree
	if sec.name != "" {
		v, _ := lookup(s.tree, sec.name)
		table, _ = v.(map[string]any)
	}
	preset := presets()
	var rows [][2]string
	for _, r := range sec.rows {
		_, name := split(r.key)
		v, from := preset[r.key], "default"
		if given, ok := table[name]; ok {
			v, from = given, s.at(r.key)
		}
		if o, ok := s.over[r.key]; ok {
			v, from = o.Value, o.From
		}
		if v != nil {
			rows = append(rows, [2]string{name + " = " + shownValue(r, v), from})
		}
	}
	s.write("["+sec.name+"]", rows)
}

// list writes [[account]] and [[host]].
func (s *shower) list(sec section) {
	v, from := s.tree[sec.name], ""
	if o, ok := s.over[sec.name]; ok {
		v, from = o.Value, o.From
	}
	list, _ := tables(v)
	for i, table := range list {
		var rows [][2]string
		for _, r := range sec.rows {
			_, name := split(r.key)
			if v, ok := table[name]; ok {
				at := from
				if at == "" {
					at = s.at(fmt.Sprintf("%s[%d].%s", sec.name, i, name))
				}
				rows = append(rows, [2]string{name + " = " + shownValue(r, v), at})
			}
		}
		s.write("[["+sec.name+"]]", rows)
	}
}

func (s *shower) at(key string) string { return "line " + strconv.Itoa(s.lines[key]) }

func (s *shower) write(head string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	if s.text.Len() > 0 {
		s.text.WriteByte('\n')
	}
	if head != "[]" {
		s.text.WriteString(head + "\n")
	}
	width := 0
	for _, r := range rows {
		width = max(width, min(len(r[0]), 50))
	}
	for _, r := range rows {
		fmt.Fprintf(&s.text, "%-*s  # %s\n", width, r[0], r[1])
	}
}

// shownValue gives a value in TOML, if it is no secret.
func shownValue(r setting, v any) string {
	if r.secret {
		return `"(hidden)"`
	}
	return inTOML(v)
}

func inTOML(v any) string {
	switch v := v.(type) {
	case string:
		return quoteTOML(v)
	case []any:
		var parts []string
		for _, one := range v {
			parts = append(parts, inTOML(one))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, toml.Key{key}.String()+" = "+inTOML(v[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// quoteTOML writes a basic string, and what could drive a terminal by its number.
func quoteTOML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
