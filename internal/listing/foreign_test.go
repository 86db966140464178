package listing

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/vfs"
)

// at reads a time; the precision follows from how much is given.
func at(s string) (time.Time, Precision) {
	for layout, precision := range map[string]Precision{"2006-01-02": ToDay, "2006-01-02 15:04": ToMinute, "2006-01-02 15:04:05": ToSecond} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, precision
		}
	}
	return time.Time{}, NoTime
}

func aFile(name string, size int64, when string) Item {
	i := Item{Entry: vfs.Entry{Name: name, Size: size}, SizeKnown: size >= 0}
	if size < 0 {
		i.Size = 0
	}
	i.ModTime, i.Precision = at(when)
	return i
}

func aDir(name, when string) Item {
	i := aFile(name, -1, when)
	i.Kind = vfs.KindDir
	return i
}

func aSpecial(name, when string) Item {
	i := aFile(name, -1, when)
	i.Kind = vfs.KindOther
	return i
}

func aLink(name, target, when string) Item {
	i := aSpecial(name, when)
	i.Link, i.Target = true, target
	return i
}

func (i Item) mode(m fs.FileMode) Item { i.Mode = m; return i }
func (i Item) utc() Item               { i.ZoneKnown = true; return i }
func (i Item) unique(s string) Item    { i.Unique = s; return i }

// parsed is what a Parser makes of lines.
type parsed struct {
	Items   []Item
	Form    string
	Skipped int
	First   string
}

func parse(lines ...string) parsed {
	p := NewParser(now, 1000)
	var got parsed
	for _, line := range lines {
		if item, ok, err := p.Line(line); ok && err == nil {
			got.Items = append(got.Items, item)
		}
	}
	_ = p.End() // counted
	got.Form = p.Form()
	got.Skipped, got.First, _ = p.Skipped()
	return got
}

// golden is a listing and what it means.
type golden struct {
	server string
	lines  []string
	want   []Item
}

func checkGolden(t *testing.T, form string, tests []golden) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.server, func(t *testing.T) {
			if diff := cmp.Diff(parsed{Items: tt.want, Form: form}, parse(tt.lines...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An unreadable line makes the listing incomplete: it is counted, and the first is
// shown. The form does not change with it.
func TestIncomplete(t *testing.T) {
	for _, tt := range []struct {
		name    string
		lines   []string
		items   int
		skipped int
		first   string
	}{
		{"nothing", nil, 0, 0, ""},
		{"sums and empty lines", []string{"total 12", "", "  ", "insgesamt 4,5M", "総"}, 0, 1, "総"},
		{"a word before", []string{"ls: cannot open", "-rw-r--r-- 1 a b 5 Jan  2  2020 x"}, 1, 1, "ls: cannot open"},
		{"two forms", []string{"-rw-r--r-- 1 a b 5 Jan  2  2020 x", "10-23-26  03:45PM  5 y", "-rw-r--r-- 1 a b 5 Jan  2  2020 z"}, 2, 1, "10-23-26  03:45PM  5 y"},
		{"only names", []string{"a", "b.txt", "c d"}, 0, 3, "a"},
		{"too long", []string{"-rw-r--r-- 1 a b 5 Jan  2  2020 " + strings.Repeat("x", MaxLine)}, 0, 1, "-rw-r--r-- 1 a b 5 Jan  2  2020 " + strings.Repeat("x", 200-32)},
		{"half an entry at the end", []string{"A.TXT;1 1 2-OCT-2026 15:44", "B.TXT;1"}, 1, 1, "B.TXT;1"},
		{"half an entry between", []string{"A.TXT;1", "B.TXT;1 1 2-OCT-2026 15:44", "C.TXT;1", "   nonsense"}, 1, 3, "A.TXT;1"},
		{"itself and its parent", []string{"drwxr-xr-x 1 a b 5 Jan  2  2020 .", "drwxr-xr-x 1 a b 5 Jan  2  2020 .."}, 0, 0, ""},
		{"a file of that name", []string{"-rw-r--r-- 1 a b 5 Jan  2  2020 .."}, 1, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := parse(tt.lines...)
			if len(got.Items) != tt.items || got.Skipped != tt.skipped || got.First != tt.first {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestLineErrors(t *testing.T) {
	p := NewParser(now, 2)
	line := "-rw-r--r-- 1 a b 5 Jan  2  2020 x"
	for range 2 {
		if _, ok, err := p.Line(line); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if _, ok, err := p.Line("total 3"); ok || err != nil {
		t.Error(ok, err)
	}
	if _, ok, err := p.Line(line); ok || !errors.Is(err, ErrTooMany) {
		t.Error(ok, err)
	}
	_, _, other := p.Line("what")
	_, _, long := p.Line(strings.Repeat("x", MaxLine+1))
	_, _, unknown := NewParser(now, 1).Line("what")
	v := NewParser(now, 1)
	if _, ok, err := v.Line("A.B;1"); ok || err != nil {
		t.Error(ok, err)
	}
	for want, err := range map[error]error{ErrOtherForm: other, ErrLineLong: long, ErrForeign: unknown, ErrNoDetails: v.End()} {
		if !errors.Is(err, want) || !errors.Is(err, ErrForeign) {
			t.Errorf("%v is not %v", err, want)
		}
	}
}

// C-14: work grows with the length of a line, not with its square: a line at the
// limit, full of what could be a field, is looked at up to a bound.
func TestWordsAreBounded(t *testing.T) {
	for _, line := range []string{strings.Repeat("1 ", MaxLine/2), strings.Repeat(" -> ", MaxLine/4), strings.Repeat("Jan 2 2020 ", MaxLine/11)} {
		if n := len(firstWords(line)); n != maxWords {
			t.Errorf("%d words", n)
		}
		if got := parse(line); got.Skipped != 1 {
			t.Errorf("%.20q: %d items, %d skipped", line, len(got.Items), got.Skipped)
		}
	}
}
