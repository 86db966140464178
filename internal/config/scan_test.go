package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

func TestScan(t *testing.T) {
	text := strings.Join([]string{
		`# [comment]`,                        // 1
		`a = "x = 1 \" # [b]"  # c = 2`,      // 2
		`"q.r" . 's' = 'C:\' # t`,            // 3
		`m = """`,                            // 4
		`[no]`,                               // 5
		`no = "a" \"""`,                      // 6
		`"""""`,                              // 7
		`l = ['''`,                           // 8
		`no = 1''' , "]", [1, 2], # ]`,       // 9
		`  { i = 1, j.k = "}" },`,            // 10
		`]`,                                  // 11
		`d = 1979-05-27 07:32:00`,            // 12
		`[ t . "u" ] # [no]`,                 // 13
		`v = 1`,                              // 14
		`[[s]]`,                              // 15
		`n = 1`,                              // 16
		`[s.sub]`,                            // 17
		`x = {}`,                             // 18
		`[[s]]`,                              // 19
		`n = { o = [ ], p = 'é' }`,           // 20
		`[s.sub]`,                            // 21
		"\"d\\u0069r\" = true\t# last\r",     // 22
		`[e]`,                                // 23
		`e = ""` + ` # ""`,                   // 24
		`f = ''`,                             // 25
		`g = """"quoted""""` + "\nh = '''''", // 26, 27
		`''' `,                               // 28
		`i=1`,                                // 29
	}, "\n")
	var tree map[string]any
	if _, err := toml.Decode(text, &tree); err != nil {
		t.Fatal(err)
	}
	want := []string{`2 a`, `3 "q.r"`, `3 "q.r".s`, `4 m`, `8 l`, `8 l[0]`, `9 l[1]`, `9 l[2]`, `9 l[2][0]`, `9 l[2][1]`, `10 l[3]`, `10 l[3].i`,
		`10 l[3].j`, `10 l[3].j.k`, `12 d`, `13 t`, `13 t.u`, `14 t.u.v`, `15 s`, `15 s[0]`, `16 s[0].n`, `17 s[0].sub`, `18 s[0].sub.x`,
		`19 s[1]`, `20 s[1].n`, `20 s[1].n.o`, `20 s[1].n.p`, `21 s[1].sub`, `22 s[1].sub.dir`, `23 e`, `24 e.e`, `25 e.f`, `26 e.g`,
		`27 e.h`, `29 e.i`}
	var got []string
	for _, k := range scan(text) {
		got = append(got, fmt.Sprint(k.line, " ", k.key))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"idle", "idle", 0}, {"idel", "idle", 2}, {"sesions", "sessions", 1}, {"kitten", "sitting", 3}} {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("%q, %q: %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

// FuzzParse holds that every file ends in settings that are valid or in errors
// with their lines, and that scan sees the same keys as the TOML library.
// F-15.
func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add("account = [{name='a', password='x'}, # }\n {nme='b'}]\n[listen]\nexplicit=':1'\n[[x.y]]\n[x.y.z]")
	f.Add("a = \"\"\"\\\"\"\"\"\"\n'b'.\"c\" = [[], {d={}}]")
	f.Add("account = [name='a', password='x'}]\n") // not TOML; scan once went round in it for ever
	f.Add("[account]\nname = 1979-05-27T07:32:00Z\n[limits]\nidle = '1ns'\nsessions = 0x10")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("x", []byte(text))
		keys := scan(text) // must end, whatever it is given
		var tree map[string]any
		md, notTOML := toml.Decode(text, &tree)
		switch {
		case err == nil:
			if err := c.Validate(); err != nil {
				t.Errorf("Parse took what Validate refuses: %v", err)
			}
		case notTOML != nil: // the library does not always know the line
			checkPlaces(t, err, 0, 1+strings.Count(text, "\n"))
			return
		default:
			checkPlaces(t, err, 1, 1+strings.Count(text, "\n"))
		}
		rows := map[string]bool{}
		for _, k := range keys {
			rows[k.row] = true
		}
		for _, k := range md.Keys() {
			if len(k) <= maxDepth && !rows[k.String()] {
				t.Errorf("scan did not see %s in %q", k, text)
			}
		}
	})
}

func checkPlaces(t *testing.T, err error, first, last int) {
	t.Helper()
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%v is not an *Error", err)
		}
		if e.Line < first || e.Line > last {
			t.Errorf("%v: line %d, not in %d to %d", err, e.Line, first, last)
		}
	}
}
