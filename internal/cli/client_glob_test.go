package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTarget(t *testing.T) {
	for _, tt := range []struct {
		arg, path string
		pattern   []string
	}{
		{"ftpes://u@h/a/b.txt", "/a/b.txt", nil},
		{"ftpes://u@h", "/", nil},
		{"ftpes://u@[::1]/a", "/a", nil},
		{"ftpes://u@[::1]/*", "/", []string{"*"}},
		{"ftpes://u@h/a%20b/*.t[xy]t", "/a b/", []string{"*.t[xy]t"}},
		{"ftpes://u@h/a/?/c", "/a/", []string{"?", "c"}},
		{"ftpes://u@h/a/d*/", "/a/", []string{"d*"}},
		{"ftpes://u@h/x%5By%5D.txt", "/x[y].txt", nil},
		{"ftpes://u@h/%2A/x%5B*%3F%2a", "/*/", []string{"x[[]*[?][*]"}},
		{"ftpes://u@h/a*/b%20c%25", "/", []string{"a*", "b c%"}},
	} {
		got, err := parseTarget(tt.arg, false)
		if err != nil || got.u.Path != tt.path {
			t.Errorf("%s: %q, %v", tt.arg, got.u.Path, err)
		}
		if diff := cmp.Diff(tt.pattern, got.pattern); diff != "" {
			t.Errorf("%s: %s", tt.arg, diff)
		}
	}
	for _, arg := range []string{
		"ftpes://u@h/a?b/*#x", "ftpes://u@h/*%", "ftpes://u@h/*%2", "ftpes://u@h/*%zz", "ftpes://u@h/*%2Fx", "ftpes://u@h/*/..",
		"ftpes://u@h/*/%2E%2e/x", "ftpes://u@h/*%0dx", "ftpes://u@h/%0d/*", "http://h/*", "*",
	} {
		if got, err := parseTarget(arg, false); exitCode(err) != exitUsage {
			t.Errorf("%s: %+v, %v", arg, got, err)
		}
	}
	if got, err := parseTarget("ftpes://u@h/*[", true); err != nil || got.u.Path != "/*[" || got.pattern != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// What a pattern is made of, means after decoding what was written.
func FuzzParseTarget(f *testing.F) {
	f.Add("a/%5Bb*/c?d")
	f.Add("\x00*")
	f.Fuzz(func(t *testing.T, path string) {
		got, err := parseTarget("ftpes://u@h/"+path, false)
		if err != nil {
			return
		}
		for _, element := range got.pattern {
			if element == "" || element == "." || element == ".." || strings.ContainsAny(element, "/\r\n\x00") {
				t.Errorf("%q: element %q", path, element)
			}
		}
		if strings.ContainsAny(got.u.Path, "\r\n\x00") {
			t.Errorf("%q: path %q", path, got.u.Path)
		}
	})
}

// C-13: one name, and that of its part, is for one file.
func TestClaims_C13(t *testing.T) {
	for _, tt := range []struct {
		goos, first, second string
		taken               bool
	}{
		{"linux", "a", "a", true}, {"linux", "a", "A", false}, {"windows", "a", "A", true}, {"darwin", "É", "é", true},
		{"darwin", "\u00e9", "e\u0301", true}, {"linux", "\u00e9", "e\u0301", false}, {"windows", "\u00e9", "e\u0301", false},
		{"windows", "k", "\u212a", true}, {"darwin", "s", "\u017f", true},
		{"linux", "a", "a.part", true}, {"linux", "a.part", "a", true}, {"linux", "a.part", "b", false}, {"linux", "a", "b.part", false},
	} {
		c := newClaims(tt.goos)
		if err := c.claim(tt.first); err != nil {
			t.Errorf("%s %q: %v", tt.goos, tt.first, err)
		}
		if err := c.claim(tt.second); errors.Is(err, errTaken) != tt.taken {
			t.Errorf("%s %q after %q: %v", tt.goos, tt.second, tt.first, err)
		}
	}
}

func TestParseRate(t *testing.T) {
	for in, want := range map[string]int64{"4000": 4000, "500k": 500_000, "2.5M": 2_500_000, "1G": 1_000_000_000, "1e6": 1_000_000} {
		if got, err := parseRate(in); got != want || err != nil {
			t.Errorf("%s: %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "k", "3999", "-1M", "1T", "NaN", "Inf", "1kk", "9999G"} {
		if got, err := parseRate(in); exitCode(err) != exitUsage {
			t.Errorf("%s: %d, %v", in, got, err)
		}
	}
}
