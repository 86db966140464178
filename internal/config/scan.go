package config

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// position is where a key first stands in a file.
type position struct {
	path
	line int
}

// path is a key with and without the numbers of list elements:
// "account[1].name" and "account.name".
type path struct {
	key, row string
	depth    int // names in row
	elements int // list elements in key
}

// maxDepth bounds the names and the elements of a path, lest a file of nothing
// but brackets takes memory with the square of its size; what lies deeper is
// counted to the key above it. No setting lies deeper than two.
const maxDepth = 8

func (p path) child(name string) path {
	if p.depth == maxDepth {
		return p
	}
	name = toml.Key{name}.String() // quotes it where it must be
	if p.depth == 0 {
		return path{name, name, 1, 0}
	}
	return path{p.key + "." + name, p.row + "." + name, p.depth + 1, p.elements}
}

func (p path) element(n int) path {
	if p.elements < maxDepth {
		p.key = fmt.Sprintf("%s[%d]", p.key, n)
		p.elements++
	}
	return p
}

// scan finds the line of every key. src must be valid TOML: the library has
// parsed it, but tells no lines for keys that it could decode. Of anything else
// scan makes no sense, but it ends.
func scan(src string) []position {
	for _, mark := range []string{"\ufeff", "\xff\xfe", "\xfe\xff"} { // the library passes these, too
		if after, found := strings.CutPrefix(src, mark); found {
			src = after
			break
		}
	}
	s := scanner{src: src, line: 1, seen: map[string]bool{}, lists: map[string]int{}}
	var table path
	for s.skip(" \t\r\n"); s.pos < len(src); s.skip(" \t\r\n") {
		switch {
		case s.take("[["):
			table = s.header(true)
			s.take("]]")
		case s.take("["):
			table = s.header(false)
			s.take("]")
		default:
			s.pair(table)
		}
	}
	return s.found
}

type scanner struct {
	src     string
	pos     int
	counted int // line is that of src[counted]
	line    int
	found   []position
	seen    map[string]bool // paths in found
	lists   map[string]int  // elements so far of each [[list]]
}

func (s *scanner) record(p path) {
	s.line += strings.Count(s.src[s.counted:s.pos], "\n")
	s.counted = s.pos
	if !s.seen[p.key] {
		s.seen[p.key] = true
		s.found = append(s.found, position{p, s.line})
	}
}

// skip passes any of chars, and comments.
func (s *scanner) skip(chars string) {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case strings.IndexByte(chars, c) >= 0:
			s.pos++
		case c == '#':
			s.until("\n")
		default:
			return
		}
	}
}

// until goes to the next of chars, or to the end.
func (s *scanner) until(chars string) {
	if i := strings.IndexAny(s.src[s.pos:], chars); i >= 0 {
		s.pos += i
	} else {
		s.pos = len(s.src)
	}
}

func (s *scanner) take(token string) bool {
	if !strings.HasPrefix(s.src[s.pos:], token) {
		return false
	}
	s.pos += len(token)
	return true
}

// header reads the name of a [table] or [[list]] and gives the path of what
// follows.
func (s *scanner) header(list bool) path {
	var p path
	names := s.names()
	for i, name := range names {
		p = p.child(name)
		s.record(p)
		if list && i == len(names)-1 {
			s.lists[p.key]++
		}
		if n := s.lists[p.key]; n > 0 {
			p = p.element(n - 1)
			s.record(p)
		}
	}
	return p
}

// pair reads KEY = VALUE.
func (s *scanner) pair(p path) {
	for _, name := range s.names() {
		p = p.child(name)
		s.record(p)
	}
	s.skip(" \t")
	if !s.take("=") {
		s.pos = len(s.src) // not TOML
		return
	}
	s.skip(" \t")
	s.value(p)
}

// names reads a dotted key.
func (s *scanner) names() []string {
	var names []string
	for {
		s.skip(" \t")
		start := s.pos
		if s.take(`"`) || s.take("'") {
			s.pos = start
			s.text()
			var quoted struct{ K string }
			if _, err := toml.Decode("K="+s.src[start:s.pos], &quoted); err != nil {
				s.pos = len(s.src) // not TOML
			}
			names = append(names, quoted.K)
		} else {
			s.until(" \t\r\n.=]")
			names = append(names, s.src[start:s.pos])
		}
		s.skip(" \t")
		if !s.take(".") {
			return names
		}
	}
}

func (s *scanner) value(p path) {
	switch {
	case s.pos == len(s.src):
	case s.src[s.pos] == '"' || s.src[s.pos] == '\'':
		s.text()
	case s.take("["):
		for i := 0; s.more("]"); i++ {
			s.record(p.element(i))
			s.value(p.element(i))
		}
	case s.take("{"):
		for s.more("}") {
			s.pair(p)
		}
	default:
		start := s.pos
		if s.until(",]}\r\n#"); s.pos == start {
			s.pos = len(s.src) // not TOML
		}
	}
}

// more reports whether another element comes before end.
func (s *scanner) more(end string) bool {
	s.skip(" \t\r\n,")
	return s.pos < len(s.src) && !s.take(end)
}

// text passes a string of any of the four kinds.
func (s *scanner) text() {
	quote := s.src[s.pos : s.pos+1]
	escapes := quote == `"`
	end := quote
	if s.take(strings.Repeat(quote, 3)) {
		end = strings.Repeat(quote, 3)
	} else {
		s.take(quote)
	}
	for s.pos < len(s.src) {
		switch {
		case escapes && s.take(`\`):
			s.pos = min(s.pos+1, len(s.src))
		case s.take(end):
			// Two quotes more may belong to the text: """a"""""
			for i := 0; len(end) == 3 && i < 2 && s.take(quote); i++ {
			}
			return
		default:
			s.pos++
		}
	}
}
