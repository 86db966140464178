package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

func load(t *testing.T) ([]family, []test) {
	t.Helper()
	families, err := readDemands()
	if err != nil {
		t.Fatal(err)
	}
	tests, err := scan(root)
	if err != nil {
		t.Fatal(err)
	}
	return families, tests
}

// Each demand of a standard has a test, or a reason why there is none, but none that is
// out of date; and a test names nothing that is not demanded.
func TestDemandsAndTestsMatch(t *testing.T) {
	families, tests := load(t)
	carried := map[string]bool{}
	known := map[string]bool{}
	for _, c := range tests {
		for _, id := range c.IDs {
			carried[id] = true
		}
	}
	for _, f := range families {
		for _, d := range f.Demands {
			known[d.ID] = true
			if f.Strict && !carried[d.ID] && d.Why == "" {
				t.Errorf("%s (%s, %s) has no test: name it in the comment of a test that proves it, or say why not in ids/%s.txt",
					d.ID, d.Source, d.Text, strings.ToLower(f.Letter))
			}
		}
	}
	for _, f := range families {
		for _, d := range f.Demands {
			if carried[d.ID] && strings.HasPrefix(d.Why, "Not built yet") {
				t.Errorf("%s has a test, and ids/%s.txt says that it is not built yet", d.ID, strings.ToLower(f.Letter))
			}
			for _, id := range d.By {
				if !known[id] || id == d.ID {
					t.Errorf("%s stands for %s, and does not exist", id, d.ID)
				}
			}
		}
	}
	for _, c := range tests {
		for _, id := range c.IDs {
			if !known[id] {
				t.Errorf("%s: %s carries %s, which does not exist", c.File, c.Name, id)
			}
		}
	}
}

// The families of the standards have no gaps, so that none is lost by an edit.
func TestStandardsAreWhole(t *testing.T) {
	families, _ := load(t)
	for _, f := range families {
		if !f.Strict {
			continue
		}
		for i, d := range f.Demands {
			if want := mentions(f.Letter + "-001 to " + f.Letter + "-999")[i]; d.ID != want {
				t.Fatalf("%s stands where %s belongs", d.ID, want)
			}
		}
		if len(f.Demands) != 182 {
			t.Errorf("%s has %d demands", f.Letter, len(f.Demands))
		}
	}
}

// The page says what the tests and the demands are now. Verdicts are CI's matter:
// they take a run of all tests.
func TestPageIsUpToDate(t *testing.T) {
	families, tests := load(t)
	got, err := os.ReadFile(filepath.Join(root, pagePath))
	if err != nil {
		t.Fatal(err)
	}
	if line := firstDifference(static(string(got)), static(page(families, tests, verdicts{}))); line != "" {
		t.Errorf("%s is out of date: run make conformance\nthe first line that differs should be %s", pagePath, line)
	}
}

func TestMentions(t *testing.T) {
	for text, want := range map[string][]string{
		"S-70, R-107: what":                    {"S-70", "R-107"},
		"(R-109 to R-111)":                     {"R-109", "R-110", "R-111"},
		"R-075 to S-50":                        {"R-075"},
		"SP-01, T-13":                          {"SP-01", "T-13"},
		"UTF-8, P-256, CVE-2015-3306, RFC-959": nil,
		"SHA-256 and MS-DOS-77 and AES-128":    nil,
	} {
		if diff := cmp.Diff(want, mentions(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	if diff := cmp.Diff([]string{"C-01", "T-12"}, nameMentions("TestEnds_C01_x_T12")); diff != "" {
		t.Error(diff)
	}
}

const example = `package x

import "testing"

// helper is R-003, and says so for whoever uses it.
func helper() {}

// helped uses helper.
func helped() { helper() }

// R-001: it works.
func TestDoc(t *testing.T) {
	// S-10 inside.
	t.Run("T-01 case", nil)
}

func TestName_C02(t *testing.T) { helped() }

// R-002.
func Testify() {}

// F-15.
func FuzzIt(f *testing.F) {}
`

func TestScan(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"x/x_test.go":                        example,
		"x/x.go":                             "package x\n\n// R-009.\nfunc TestNot() {}\n",
		"interop/y_test.go":                  "//go:build interop\n\npackage y\n\n// D-01.\nfunc TestY() {}\n",
		"ftpserver/testdata/script/a.txtar":  "R-004: a.\n-- tree/f --\nR-005\n-- script --\n# R-006 here\nC: NOOP\n",
		".hidden/x_test.go":                  "no Go at all",
		"ftpserver/testdata/other/b.txtar":   "R-007\n",
		"ftpserver/testdata/script/no.txtar": "nothing\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := scan(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []test{
		{Package: "ftpserver", File: "ftpserver/testdata/script/a.txtar", Name: "TestScripts/a", IDs: []string{"R-004", "R-006"}},
		{Package: "interop", File: "interop/y_test.go", Name: "TestY", IDs: []string{"D-01"}, Interop: true},
		{Package: "x", File: "x/x_test.go", Name: "FuzzIt", IDs: []string{"F-15"}},
		{Package: "x", File: "x/x_test.go", Name: "TestDoc", IDs: []string{"R-001", "S-10", "T-01"}},
		{Package: "x", File: "x/x_test.go", Name: "TestName_C02", IDs: []string{"C-02", "R-003"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestResults(t *testing.T) {
	var out strings.Builder
	v, err := readResults(strings.NewReader(`{"Action":"run","Package":"github.com/sealane/sealane/x","Test":"TestA"}
{"Action":"output","Package":"github.com/sealane/sealane/x","Test":"TestA","Output":"hello\n"}
{"Action":"pass","Package":"github.com/sealane/sealane/x","Test":"TestA"}
{"Action":"skip","Package":"github.com/sealane/sealane/x","Test":"TestB"}
{"Action":"pass","Package":"github.com/sealane/sealane/x"}
`), &out)
	if err != nil || out.String() != "" {
		t.Fatalf("%q, %v", out.String(), err)
	}
	a, b, c := test{Package: "x", Name: "TestA"}, test{Package: "x", Name: "TestB"}, test{Package: "x", Name: "TestOther"}
	i := test{Package: "interop", Name: "TestI", Interop: true}
	for want, tests := range map[string][]test{"pass": {b, a, i}, "skip": {b, i}, "interop": {i, c}, "not run": {c}} {
		if got := verdict(tests, v); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, bad := range []string{"", `{"Action":"build-fail","ImportPath":"x"}` + "\n", `{"Action":"fail","Package":"x","Test":"TestA"}` + "\n", "no JSON\n"} {
		if _, err := readResults(strings.NewReader(bad), &out); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
	out.Reset()
	_, err = readResults(strings.NewReader(`{"Action":"output","Package":"x","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"x","Test":"TestA/sub","Output":"a.go:0: long before\n"}
{"Action":"output","Package":"x","Test":"TestA/sub","Output":"a.go:1: hello\n"}
{"Action":"output","Package":"x","Test":"TestA/sub","Output":"2\n"}
{"Action":"output","Package":"x","Test":"TestA/sub","Output":"3\n"}
{"Action":"output","Package":"x","Test":"TestA/sub","Output":"4\n"}
{"Action":"output","Package":"x","Test":"TestA/sub","Output":"5\n"}
{"Action":"output","Package":"x","Test":"TestA/sub","Output":"6\n"}
{"Action":"output","Package":"x","Test":"TestA","Output":"--- FAIL: TestA\n"}
{"Action":"output","Package":"x","Test":"TestB","Output":"b.go:1: world\n"}
{"Action":"pass","Package":"x","Test":"TestB"}
{"Action":"output","Package":"x","Test":"TestC","Output":"c.go:1: not at its end\n"}
{"Action":"fail","Package":"x","Test":"TestA/sub"}
{"Action":"fail","Package":"x","Test":"TestA"}
{"Action":"output","Package":"x","Output":"FAIL\tx\t0.1s\n"}
{"Action":"fail","Package":"x"}
{"Action":"output","Package":"y","Output":"PASS\n"}
{"Action":"output","Package":"y","Output":"ok  \ty\t0.1s\n"}
{"Action":"pass","Package":"y"}
`), &out)
	const last = "a.go:1: hello\n2\n3\n4\n5\n6\n"
	if want := "FAIL\tx\t0.1s\na.go:0: long before\n" + last + "--- FAIL: TestA\nc.go:1: not at its end\nok  \ty\t0.1s\n" +
		"\nwhat failed tests said last:\nx TestA/sub:\n" + last + "\n"; out.String() != want {
		t.Errorf("it said %q, want %q", out.String(), want)
	}
	if want := "tests have failed: x TestA/sub, x TestA, x"; !errors.Is(err, errFailed) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	// A page that is out of date fails the test of this package, and must be written all the same.
	const outdated = `{"Action":"fail","Package":"github.com/sealane/sealane/internal/conformance","Test":"TestPageIsUpToDate"}` + "\n"
	if _, err := readResults(strings.NewReader(outdated), &out); err != nil {
		t.Error(err)
	}
}

// Failed tests are seen in the page, and still fail the run; with -check nothing is written.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "docs"), 0o777); err != nil {
		t.Fatal(err)
	}
	good := `{"Action":"pass","Package":"x","Test":"TestA"}` + "\n"
	bad := good + `{"Action":"fail","Package":"x","Test":"TestB"}` + "\n"
	var out strings.Builder
	if err := run(strings.NewReader(good), &out, dir, true); err == nil {
		t.Error("a page that is not there is up to date")
	}
	if err := run(strings.NewReader(bad), &out, dir, false); !errors.Is(err, errFailed) {
		t.Errorf("got %v", err)
	}
	if err := run(strings.NewReader(bad), &out, dir, true); !errors.Is(err, errFailed) {
		t.Errorf("got %v", err)
	}
	if err := run(strings.NewReader(good), &out, dir, true); err != nil {
		t.Errorf("the page that was written: %v", err)
	}
}

func TestDemandsThatCannotBe(t *testing.T) {
	f := family{Letter: "R", Leveled: true}
	for _, bad := range []string{
		"R-001 | RFC 959 | sM",
		"S-01 | RFC 959 | sM | x",
		"R-001 | RFC 959 | must | x",
		"R-001 | RFC 959 | sM | x\nR-001 | RFC 959 | sM | y",
		"why: x",
		"by: S-01",
		"R-001 | RFC 959 | sM | x\nby: nothing",
		"R-001 to R-003 | RFC 959 | sM | x",
	} {
		if _, err := parseDemands(f, bad); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

// A demand that others stand for is proven when each of them is.
func TestBy(t *testing.T) {
	d := demand{ID: "V-01", By: []string{"S-70", "S-73"}}
	one, two := test{Name: "TestA"}, test{Name: "TestB"}
	if got := proof(d, map[string][]test{"S-70": {one}}); len(got) != 0 {
		t.Errorf("half of it counts: %v", got)
	}
	if got := proof(d, map[string][]test{"S-70": {one}, "S-73": {two}}); len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

// A verdict is not part of what the hermetic test compares; all else is.
func TestStatic(t *testing.T) {
	families := []family{{Letter: "R", Title: "x", Leveled: true, Demands: []demand{{ID: "R-001", Source: "RFC 959 §1", Level: "sM,cS", Text: "a|b", Why: "not yet"}}}}
	tests := []test{{Package: "x", File: "x/x_test.go", Name: "TestA", IDs: []string{"R-001"}}}
	pass, none := page(families, tests, verdicts{"x TestA": "pass"}), page(families, tests, verdicts{})
	want := `| R-001 | RFC 959 §1 | server must, client should | a\|b | x [TestA](../x/x_test.go)<br>*not yet* | pass |`
	if !slices.Contains(strings.Split(pass, "\n"), want) {
		t.Errorf("no line %s in\n%s", want, pass)
	}
	if firstDifference(pass, none) == "" || static(pass) != static(none) {
		t.Error("verdicts are part of what stays")
	}
	if static(pass) == static(page(families, nil, verdicts{})) {
		t.Error("tests are no part of what stays")
	}
}
