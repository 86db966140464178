package trail

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"reflect"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxText bounds each text of an event, in bytes: a command with its argument is
// shorter.
const maxText = 8 << 10

// Sum is the SHA-256 of a line without its line end.
type Sum [sha256.Size]byte

func sumOf(line []byte) Sum { return sha256.Sum256(line) }

// String gives it as lines have it.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// ParseSum reads 64 hex digits.
func ParseSum(text string) (s Sum, ok bool) {
	b, err := hex.DecodeString(text)
	return s, copy(s[:], b) == len(s) && err == nil && len(b) == len(s)
}

// member is one of the schema that reflection found.
type member struct {
	index  int
	head   string // `,"name":`
	name   string
	kind   reflect.Kind
	always Kind
}

// encoder makes lines. Use one from one goroutine.
type encoder struct {
	members []member
}

// newEncoder reads the schema from the tags of Event.
func newEncoder() *encoder {
	e := &encoder{}
	t := reflect.TypeFor[Event]()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "Time" {
			continue // appended by its own form
		}
		name := f.Tag.Get("json")
		e.members = append(e.members, member{i, `,"` + name + `":`, name, f.Type.Kind(), Kind(f.Tag.Get("always"))})
	}
	return e
}

// appendLine appends the line of an event, without its line end.
func (enc *encoder) appendLine(b []byte, seq uint64, prev Sum, e *Event) []byte {
	b = append(b, `{"v":`...)
	b = strconv.AppendInt(b, Version, 10)
	b = append(b, `,"seq":`...)
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, `,"prev":"`...)
	b = hex.AppendEncode(b, prev[:])
	b = append(b, `","time":"`...)
	b = appendTime(b, e.Time)
	b = append(b, '"')
	v := reflect.ValueOf(e).Elem()
	cut := e.Cut
	for i := range enc.members {
		m := &enc.members[i]
		f := v.Field(m.index)
		switch m.kind {
		case reflect.String:
			if s := f.String(); s != "" {
				if len(s) > maxText {
					s, cut = s[:maxText], true
				}
				b = appendText(b, m, s)
			}
		case reflect.Int64:
			if n := f.Int(); n != 0 || m.always != "" && m.always == e.Kind {
				b = append(b, m.head...)
				b = strconv.AppendInt(b, n, 10)
			}
		case reflect.Bool:
			if f.Bool() || m.name == "cut" && cut {
				b = append(b, m.head...)
				b = append(b, "true"...)
			}
		}
	}
	return append(b, '}')
}

// appendTime appends the time in a form that readers of RFC 3339 take whatever the
// clock says: those beyond its years are moved to its bounds.
func appendTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	switch year := t.Year(); {
	case year < 0:
		t = time.Time{}
	case year > 9999:
		t = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t.AppendFormat(b, "2006-01-02T15:04:05.000000000Z07:00")
}

// appendText appends a text. Bytes that are not UTF-8 have no form in JSON: such a text
// has U+FFFD in their places, and all of its bytes are in a second member, NAME_base64.
func appendText(b []byte, m *member, s string) []byte {
	b = append(b, m.head...)
	b = appendString(b, s)
	if !utf8.ValidString(s) {
		b = append(b, `,"`...)
		b = append(b, m.name...)
		b = append(b, base64Suffix+`":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(s))
		b = append(b, '"')
	}
	return b
}

const base64Suffix = "_base64"

// appendString appends a string of JSON in which nothing can end a line, drive a
// terminal or turn the direction of text (S-37, V-07): all of Cc, Cf, Zl, Zp, Cs and Co
// is escaped, and <, > and & for those who put it into a page.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && c != 0x7f && c != '<' && c != '>' && c != '&' {
				i++
				continue
			}
			b = append(b, s[from:i]...)
			if c == '"' || c == '\\' {
				b = append(b, '\\', c)
			} else {
				b = appendEscape(b, rune(c))
			}
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError && !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs, unicode.Co) {
			i += n
			continue
		}
		b = append(b, s[from:i]...)
		b = appendEscape(b, r)
		i += n
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// appendEscape appends \uXXXX, or a pair of them (RFC 8259 §7).
func appendEscape(b []byte, r rune) []byte {
	if r >= 0x10000 {
		r -= 0x10000
		b = appendEscape(b, 0xd800+(r>>10))
		r = 0xdc00 + (r & 0x3ff)
	}
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
