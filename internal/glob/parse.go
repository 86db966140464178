package glob

import "strings"

// part is what takes one character of a name.
type part struct {
	ranges []span
	others bool // it takes what is in none of the ranges
}

// span is a range of characters, both ends included; with last below first it is
// empty.
type span struct{ first, last rune }

func (p part) has(r rune) bool {
	for _, s := range p.ranges {
		if s.first <= r && r <= s.last {
			return !p.others
		}
	}
	return p.others
}

// parse gives the parts of a pattern, and the states before which a "*" stands.
func parse(pattern string) (parts []part, stars []int) {
	for pattern != "" {
		r, n := character(pattern)
		switch {
		case r == '*':
			stars = append(stars, len(parts))
		case r == '?':
			parts = append(parts, part{others: true})
		case r == '[':
			set, length, ok := parseSet(pattern)
			if !ok {
				set, length = part{ranges: []span{{'[', '['}}}, 1
			}
			parts, n = append(parts, set), length
		default:
			parts = append(parts, part{ranges: []span{{r, r}}})
		}
		pattern = pattern[n:]
	}
	return parts, stars
}

// parseSet takes "[...]" off the front of s and gives its length. It is not ok if
// the "]" is missing.
func parseSet(s string) (set part, length int, ok bool) {
	rest := s[1:]
	if strings.HasPrefix(rest, "!") || strings.HasPrefix(rest, "^") {
		set.others, rest = true, rest[1:]
	}
	for first := true; rest != ""; first = false {
		if rest[0] == ']' && !first {
			return set, len(s) - len(rest) + 1, true
		}
		low, n := character(rest)
		rest = rest[n:]
		high := low
		if len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
			high, n = character(rest[1:])
			rest = rest[1+n:]
		}
		set.ranges = append(set.ranges, span{low, high})
	}
	return part{}, 0, false
}
