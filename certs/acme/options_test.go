package acme

import (
	"errors"
	"strings"
	"testing"
)

func good() Options {
	return Options{Names: []string{"ftp.example.org"}, Agreed: true, Storage: "x", Challenges: []Challenge{HTTP01}}
}

func TestCheck(t *testing.T) {
	hook := func(o *Options) { o.Challenges, o.Hook = []Challenge{DNS01}, []string{"set"} }
	for _, tc := range []struct {
		name   string
		change func(o *Options)
		want   string // in the error; empty: none
	}{
		{"good", func(*Options) {}, ""},
		{"no name", func(o *Options) { o.Names = nil }, "names"},
		{"too many names", func(o *Options) { o.Names = make([]string, 101) }, "names"},
		{"terms", func(o *Options) { o.Agreed = false }, "terms"},
		{"no storage", func(o *Options) { o.Storage = "" }, "folder"},
		{"no challenge", func(o *Options) { o.Challenges = nil }, "challenge"},
		{"clear directory", func(o *Options) { o.Directory = "http://ca.example/dir" }, "https"},
		{"directory without host", func(o *Options) { o.Directory = "https:///dir" }, "https"},
		{"directory", func(o *Options) { o.Directory = "https://ca.example:14000/dir" }, ""},
		{"hook without dns-01", func(o *Options) { o.Hook = []string{"set"} }, "hook"},
		{"dns-01 without hook", func(o *Options) { o.Challenges = []Challenge{HTTP01, DNS01} }, "hook"},
		{"hook", hook, ""},
		{"wildcard", func(o *Options) { hook(o); o.Names = []string{"*.example.org"} }, ""},
		{"wildcard without hook", func(o *Options) { o.Names = []string{"*.example.org"} }, "dns-01"},
		{"bare host", func(o *Options) { o.Names = []string{"localhost"} }, "full name"},
		{"address", func(o *Options) { o.Names = []string{"192.0.2.1"} }, "address"},
		{"IPv6 address", func(o *Options) { o.Names = []string{"::1"} }, "full name"},
		{"words for a shell", func(o *Options) { o.Names = []string{"a.example;rm -rf"} }, "DNS name"},
		{"an option", func(o *Options) { o.Names = []string{"--x.example.org"} }, "DNS name"},
		{"empty label", func(o *Options) { o.Names = []string{"a..example"} }, "DNS name"},
		{"long label", func(o *Options) { o.Names = []string{strings.Repeat("a", 64) + ".example"} }, "DNS name"},
		{"long name", func(o *Options) { o.Names = []string{strings.Repeat("abc.", 64) + "example"} }, "full name"},
		{"umlaut", func(o *Options) { o.Names = []string{"bücher.example"} }, "xn--"},
		{"A-label", func(o *Options) { o.Names = []string{"xn--bcher-kva.example"} }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := good()
			tc.change(&o)
			err := o.Check()
			switch {
			case tc.want == "" && err != nil:
				t.Fatal(err)
			case tc.want != "" && (!errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), tc.want)):
				t.Fatalf("got %v, want an error about %q", err, tc.want)
			}
			if _, err := New(o); (err == nil) != (tc.want == "") {
				t.Errorf("New: %v", err)
			}
		})
	}
}

func TestParseChallenge(t *testing.T) {
	for _, s := range []string{"http-01", "tls-alpn-01", "dns-01"} {
		if c, err := ParseChallenge(s); err != nil || string(c) != s {
			t.Errorf("%s: %q, %v", s, c, err)
		}
	}
	if _, err := ParseChallenge("HTTP"); !errors.Is(err, ErrOptions) {
		t.Errorf("got %v", err)
	}
}
