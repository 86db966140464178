package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Safe makes text of a peer, and names of files, harmless to print: what could
// drive a terminal or change the order of what is read (control characters of
// ASCII and C1, line and paragraph separators, bidirectional and other invisible
// marks) and bytes that are not UTF-8 are shown as \n, \x1b or \u202e. A
// backslash is doubled only if something had to be escaped, so that ordinary
// names stay as they are.
func Safe(s string) string {
	if harmless(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case !dangerous(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

func harmless(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, dangerous) < 0
}

// dangerous covers Cc, Cf (bidi marks, zero-width, tags), Zl, Zp and what no
// Unicode version assigns or everybody uses differently (Cs, Co).
func dangerous(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs, unicode.Co)
}

// WriteJSON writes v as one line of JSON. Characters that Safe would escape are
// escaped here too, in the way of JSON: a reader gets them back, a terminal does
// not.
func WriteJSON(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range string(line) {
		switch {
		case !dangerous(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default: // a surrogate pair (RFC 8259 §7)
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		}
	}
	b.WriteByte('\n')
	_, err = io.WriteString(w, b.String())
	return err
}
