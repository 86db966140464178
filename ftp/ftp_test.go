package ftp

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// 14 digits in UTC, a fraction only of digits.
func TestParseTime(t *testing.T) {
	base := time.Date(2026, 2, 28, 23, 59, 58, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"20260228235958":           base,
		"20260228235958.5":         base.Add(500 * time.Millisecond),
		"20260228235958.000000001": base.Add(1),
	} {
		if got, err := ParseTime(in); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"", "2026022823595", "202602282359580", "20260230000000", "20261301000000", "20260228245958",
		"20260228235958.", "20260228235958.1234567890", "20260228235958.a", "2026022823595x", "+0260228235958", " 20260228235958",
	} {
		if got, err := ParseTime(in); !errors.Is(err, ErrTime) {
			t.Errorf("%q: got %v, %v", in, got, err)
		}
	}
}

// F-15.
func FuzzParseTime(f *testing.F) {
	f.Add("20260228235958.5")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTime(s)
		if err == nil && FormatTime(got) != s[:14] {
			t.Fatalf("%q gave %v", s, got)
		}
	})
}

func TestParseURL(t *testing.T) {
	for _, test := range []struct {
		in   string
		want URL
		out  string
	}{
		{"ftpes://h/a%20b", URL{Host: "h", Port: "21", Path: "/a b"}, "ftpes://h:21/a%20b"},
		{"FTPS://u:p%40w@h", URL{Security: Implicit, Host: "h", Port: "990", User: "u", Password: "p@w", HasPassword: true, Path: "/"}, "ftps://u@h:990/"},
		{"ftp://u@[::1]:2121/x", URL{PlainScheme: true, Host: "::1", Port: "2121", User: "u", Path: "/x"}, "ftp://u@[::1]:2121/x"},
	} {
		got, err := ParseURL(test.in)
		if err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v", test.in, got, err)
		}
		if got.String() != test.out {
			t.Errorf("%s: String gave %s, want %s", test.in, got, test.out)
		}
	}
}

// C-17, C-25: no part of a URL becomes a command, and no error shows a password.
func TestParseURLRefuses(t *testing.T) {
	for _, in := range []string{
		"http://h/", "h/path", "ftp://", "ftpes://h:0/", "ftpes://h:99999/", "ftpes://h/a?b", "ftpes://h/a#b",
		"ftpes://u:hunter2@h/a%0d%0aDELE%20b", "ftpes://u%00:hunter2@h/", "ftpes://u:hunter2%0a@h/", "ftpes://u:hunter2@h:x/", "ftpes://u:hunter2%zz@h/",
	} {
		_, err := ParseURL(in)
		if !errors.Is(err, ErrURL) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestFactSet(t *testing.T) {
	set := MakeFactSet(FactSize, FactUnixMode, Fact("made-up"))
	for _, f := range AllFacts() {
		if want := f == FactSize || f == FactUnixMode; set.Has(f) != want {
			t.Errorf("%s: want %v", f, want)
		}
	}
}
