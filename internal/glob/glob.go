// Package glob matches single names against patterns: "*" is any text, "?" one
// character, and "[a-z_]" one of a set, or one of the others with "!" or "^" in front
// ("[!a-z]"). In a set "]" stands first to be meant itself, and "-" first or last;
// "[*]", "[?]" and "[[]" mean those characters. Without "]" a "[" is itself. There is
// nothing else: neither braces nor escapes, and a dot in front is like any other.
//
// Patterns come from the network, and so do names. A match takes time in proportion
// to the length of the name, whatever the pattern: there is no going back
// (CVE-2010-2632, CVE-2011-0418). Names need not be UTF-8; a byte that is none
// counts as one character.
package glob

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxPattern bounds a pattern, in bytes. It is the length of the longest name, and
// with one state more than that four words hold all the states of a match.
const MaxPattern = 255

const maxWords = (MaxPattern + 1) / 64

// ErrTooLong means that a pattern is over MaxPattern.
var ErrTooLong = errors.New("glob: the pattern is too long")

// Pattern is a pattern that was made ready by Compile. It may be used by several
// goroutines at the same time.
//
// It is a machine with one state before each of its parts, and one behind the last.
// A match holds all the states in which it may be as bits of a few words, and moves
// them together, by one character of the name.
type Pattern struct {
	last  int // the state behind the last part
	words int // for one bit each state
	// stay has the states that any character leaves as they are: there is a "*".
	stay []uint64
	// from begins the ranges of characters that all parts treat alike, in order;
	// accept has, for each range, words of the states whose part takes it.
	from   []rune
	accept []uint64
}

// HasMeta says whether Compile would find anything but plain characters in s. Even
// so there may be a file of that name.
func HasMeta(s string) bool { return strings.ContainsAny(s, "*?[") }

// Compile makes a pattern ready. The only error is ErrTooLong.
func Compile(pattern string) (*Pattern, error) {
	if len(pattern) > MaxPattern {
		return nil, ErrTooLong
	}
	parts, stars := parse(pattern)
	p := &Pattern{last: len(parts), words: len(parts)/64 + 1}
	p.stay = make([]uint64, p.words)
	for _, state := range stars {
		setBit(p.stay, state)
	}
	p.from = []rune{0}
	for _, part := range parts {
		for _, r := range part.ranges {
			p.from = append(p.from, r.first, r.last+1)
		}
	}
	slices.Sort(p.from)
	p.from = slices.Compact(p.from)
	p.accept = make([]uint64, len(p.from)*p.words)
	for i, first := range p.from {
		for state, part := range parts {
			if part.has(first) {
				setBit(p.accept[i*p.words:], state)
			}
		}
	}
	return p, nil
}

func setBit(words []uint64, i int) { words[i/64] |= 1 << (i % 64) }

// Match says whether the pattern is that of the whole name.
func (p *Pattern) Match(name string) bool {
	ok, _ := p.match(name)
	return ok
}

// match counts, too, how often it looked at the pattern.
func (p *Pattern) match(name string) (ok bool, steps int) {
	var words [maxWords]uint64
	states := words[:p.words]
	states[0] = 1
	for len(name) > 0 {
		r, n := character(name)
		name = name[n:]
		steps += p.words
		if !p.move(states, r) {
			return false, steps
		}
	}
	return states[p.last/64]>>(p.last%64)&1 == 1, steps
}

// move takes one character, and says whether a state is left.
func (p *Pattern) move(states []uint64, r rune) bool {
	i, exact := slices.BinarySearch(p.from, r)
	if !exact {
		i--
	}
	accept := p.accept[i*p.words : (i+1)*p.words]
	var carry, left uint64
	for w, now := range states {
		next := now & accept[w]
		states[w] = next<<1 | carry | now&p.stay[w]
		carry = next >> 63
		left |= states[w]
	}
	return left != 0
}

// character takes the first character off s. A byte that is no UTF-8 is a character
// of its own, beyond those of Unicode.
func character(s string) (r rune, n int) {
	r, n = utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		r = utf8.MaxRune + 1 + rune(s[0])
	}
	return r, n
}
