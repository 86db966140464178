package glob

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func compile(t testing.TB, pattern string) *Pattern {
	t.Helper()
	p, err := Compile(pattern)
	if err != nil {
		t.Fatalf("%q: %v", pattern, err)
	}
	return p
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, match, not string // names, with spaces between them
	}{
		{"abc", "abc", "ab abcd xabc ABC"},
		{"*", "a .hidden ä \xff", ""},
		{"*.txt", ".txt a.txt .a.txt a.b.txt", "a.txt.gz atxt a.TXT"},
		{"a*b*c", "abc axbxc abcabc abbbc", "ab ac abcd xabc"},
		{"?", "a ä 日 \xff [", "ab \xff\xff"},
		{"a?c", "abc aäc a\xffc", "ac abbc"},
		{"**a**", "a xa ax", "b"},
		{"[a-c]", "a b c", "d A - ["},
		{"[!a-c]x", "dx -x äx \xffx", "ax x"},
		{"[^a]", "b ^ !", "a"},
		{"[]a]", "] a", "[ []a]"},
		{"[!]a]", "b", "] a"},
		{"[a-]", "a -", "b"},
		{"[-a]", "a -", "b"},
		{"[a-c-e]", "a b c - e", "d"},
		{"[z-a]", "", "a m z"},
		{"[ä-ü]", "ä ö ü", "a ý ÿ"},
		{"[\xfe-\xff]", "\xff", "\xfd þ ÿ"},
		{"[*]", "*", "a"},
		{"[[]x]", "[x]", "x"},
		{"[abc", "[abc", "a"},
		{"[", "[", "a"},
		{"[]", "[]", "]"},
		{"[!]", "[!]", "a"},
		{"{a,b}", "{a,b}", "a b"},
		{`a\*`, `a\ a\x`, "a*"},
		{"\u00e9", "\u00e9", "e\u0301 \xe9"},
		{"\xc3*", "\xc3 \xc3x", "ä"},
		{"x", "x", "X"},
	} {
		p := compile(t, test.pattern)
		for name := range strings.FieldsSeq(test.match) {
			if !p.Match(name) {
				t.Errorf("%q does not match %q", test.pattern, name)
			}
		}
		for name := range strings.FieldsSeq(test.not) {
			if p.Match(name) {
				t.Errorf("%q matches %q", test.pattern, name)
			}
		}
	}
	if !compile(t, "").Match("") || compile(t, "").Match("a") || !compile(t, "**").Match("") || compile(t, "?").Match("") {
		t.Error("the empty name, or the empty pattern")
	}
}

func TestTooLong(t *testing.T) {
	if _, err := Compile(strings.Repeat("*", MaxPattern+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
	for _, part := range []string{"?", "a", "*", "[a]"} {
		pattern := strings.Repeat(part, MaxPattern/len(part))
		compile(t, pattern).Match(strings.Repeat("a", 10))
	}
	if p := compile(t, strings.Repeat("?", MaxPattern)); !p.Match(strings.Repeat("a", MaxPattern)) || p.Match(strings.Repeat("a", MaxPattern-1)) {
		t.Error("the last state of the longest pattern")
	}
}

// S-80, V-37, V-45: patterns that are made to be slow take no more than four steps
// for each byte of the name (CVE-2010-2632, CVE-2011-0418, CVE-2011-0762).
func TestS80Steps(t *testing.T) {
	long := strings.Repeat("a", 255)
	for _, pattern := range []string{
		strings.Repeat("*a", 127) + "b", strings.Repeat("*", 254) + "b", "*" + strings.Repeat("a", 253) + "b", strings.Repeat("a*", 127),
		strings.Repeat("*?", 127), strings.Repeat("*[a-z]", 42), strings.Repeat("[!b]", 63), strings.Repeat("{a,b}", 30), strings.Repeat("[", 255),
		strings.Repeat("[a", 127), "[" + strings.Repeat("a-z", 84), strings.Repeat("*[", 127),
	} {
		p := compile(t, pattern)
		for _, name := range []string{long, long[1:] + "b", "b" + long[1:], strings.Repeat("ä", 127), strings.Repeat("[", 255)} {
			if _, steps := p.match(name); steps > maxWords*len(name) {
				t.Errorf("%.20q... with %.10q...: %d steps", pattern, name, steps)
			}
		}
	}
}

// A match allocates nothing: listings of any size do one for each entry.
func TestNoAllocation(t *testing.T) {
	p := compile(t, strings.Repeat("*[a-z]?", 36))
	name := strings.Repeat("aä", 80)
	if n := testing.AllocsPerRun(100, func() { p.Match(name) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzMatch compares Match with package regexp, which is linear too.
// F-15.
func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{"", "*", "?", "a*b", "*.exe", ".*", "**a?", "*a*b*c", "[a]", `\*`, "[!a-c]*", "[!]", "[]", "[]-a]", "[a", "[^", "[a-", "[ä-ö]?", "{a,b}", "[\\d]"} {
		for _, name := range []string{"", "a", "ab", "a.exe", ".hidden", "äb", "aXbXc", "abcabc", "[a]", "\xffb", "]", "ö-"} {
			f.Add(pattern, name)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(name) > 255 {
			return
		}
		p, err := Compile(pattern)
		if (err != nil) != (len(pattern) > MaxPattern) {
			t.Fatalf("%q: %v", pattern, err)
		}
		if err != nil {
			return
		}
		got, steps := p.match(name)
		if steps > maxWords*len(name) {
			t.Errorf("%q with %q: %d steps", pattern, name, steps)
		}
		if !utf8.ValidString(pattern) || !utf8.ValidString(name) {
			return // regexp takes every bad byte for U+FFFD
		}
		if re := regexp.MustCompile(asRegexp(pattern)); got != re.MatchString(name) {
			t.Errorf("%q with %q: %v, want %v", pattern, name, got, !got)
		}
	})
}

// asRegexp reads a pattern in another way than parse does: by expressions.
func asRegexp(pattern string) string {
	var expr strings.Builder
	for _, part := range regexp.MustCompile(`(?s)\[[!^].[^\]]*\]|\[[^!^][^\]]*\]|.`).FindAllString(pattern, -1) {
		switch {
		case part == "*":
			expr.WriteString(`.*`)
		case part == "?":
			expr.WriteString(`.`)
		case len(part) > 1 && part[0] == '[':
			expr.WriteString(setRegexp(part[1 : len(part)-1]))
		default:
			expr.WriteString(regexp.QuoteMeta(part))
		}
	}
	return `(?s)\A` + expr.String() + `\z`
}

// setRegexp writes a set as a choice of ranges.
func setRegexp(set string) string {
	begin := "["
	if set[0] == '!' || set[0] == '^' {
		begin, set = "[^", set[1:]
	}
	var ranges []string
	for _, m := range regexp.MustCompile(`(?s)(.)-(.)|(.)`).FindAllStringSubmatch(set, -1) {
		low, high := []rune(m[1] + m[3])[0], []rune(m[2] + m[3])[0]
		if low <= high {
			ranges = append(ranges, `\x{`+hex(low)+`}-\x{`+hex(high)+`}`)
		}
	}
	switch {
	case len(ranges) > 0:
		return begin + strings.Join(ranges, "") + "]"
	case begin == "[":
		return `[^\x{0}-\x{10ffff}]` // nothing
	}
	return "."
}

func hex(r rune) string {
	const digits = "0123456789abcdef"
	s := ""
	for ; r > 0 || s == ""; r >>= 4 {
		s = digits[r&15:r&15+1] + s
	}
	return s
}
