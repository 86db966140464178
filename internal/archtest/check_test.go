package archtest

import (
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// good is a small module that keeps every rule of smallPlan.
const good = `
-- go.mod --
module example.org/m

go 1.26
-- ARCHITECTURE.md --
| package | is | may import |
| --- | --- | --- |
| ` + "`a`" + ` | the first | standard library only |
| ` + "`internal/b`" + ` | the second | a, golang.org/x/sys |
-- a/doc.go --
// Package a is the first.
package a
-- a/a.go --
package a

import "fmt"

var table = map[string]int{"x": 1}

var ErrA = fmt.Errorf("a")

func Look(k string) int { return table[k] }
-- a/a_test.go --
package a_test

import (
	"fmt"

	"example.org/m/a"
	"golang.org/x/text/width"
)

func ExampleLook() { fmt.Println(a.Look("x"), width.Narrow) }
-- internal/b/b.go --
package b

import (
	"example.org/m/a"
	"golang.org/x/sys/unix"
)

func Both() int { return a.Look("x") + unix.EINVAL }
-- internal/b/testdata/broken.go --
this is not Go, and nobody looks
`

func smallPlan() Plan {
	return Plan{
		Rows: []Row{
			{Package: "a"},
			{Package: "internal/b", Module: []string{"a"}, Library: []string{"golang.org/x/sys"}},
		},
		Tests:    []string{"golang.org/x/text"},
		BadNames: []string{"util"},
	}
}

func TestRules(t *testing.T) {
	tests := []struct {
		name string
		add  string // files that are added to the good module, or replace one
		want []string
	}{
		{name: "good"},
		{
			name: "import of a package above",
			add:  "-- a/up.go --\npackage a\n\nimport _ \"example.org/m/internal/b\"\n",
			want: []string{"a/up.go:3: a may not import example.org/m/internal/b [imports]"},
		},
		{
			name: "import of a library",
			add:  "-- a/lib.go --\npackage a\n\nimport _ \"golang.org/x/sys/unix\"\n",
			want: []string{"a/lib.go:3: a may not import golang.org/x/sys/unix [imports]"},
		},
		{
			name: "the name of a library is not a prefix of another",
			add:  "-- internal/b/lib.go --\npackage b\n\nimport _ \"golang.org/x/system\"\n",
			want: []string{"internal/b/lib.go:3: internal/b may not import golang.org/x/system [imports]"},
		},
		{
			name: "what tests may import is not for the package",
			add:  "-- a/lib.go --\npackage a\n\nimport _ \"golang.org/x/text/width\"\n",
			want: []string{"a/lib.go:3: a may not import golang.org/x/text/width [imports]"},
		},
		{
			name: "tests have rules too",
			add:  "-- a/up_test.go --\npackage a_test\n\nimport _ \"example.org/m/internal/b\"\n",
			want: []string{"a/up_test.go:3: the tests of a may not import example.org/m/internal/b [imports]"},
		},
		{
			name: "files for other systems are read",
			add:  "-- a/os_plan9.go --\n//go:build plan9\n\npackage a\n\nimport _ \"golang.org/x/sys/plan9\"\n",
			want: []string{"a/os_plan9.go:5: a may not import golang.org/x/sys/plan9 [imports]"},
		},
		{
			name: "cgo",
			add:  "-- a/c.go --\npackage a\n\nimport \"C\"\n",
			want: []string{"a/c.go:3: a may not import C [imports]"},
		},
		{
			name: "package without a row",
			add:  "-- internal/c/c.go --\npackage c\n",
			want: []string{"internal/c: the package has no row in the plan: add one to internal/archtest/rules.go and to ARCHITECTURE.md [row]"},
		},
		{
			name: "bad package name",
			add:  "-- a/n_test.go --\npackage util_test\n",
			want: []string{"a/n_test.go:1: package util in folder a says nothing about its content: name it after its subject [package-name]"},
		},
		{
			name: "init",
			add:  "-- internal/b/init.go --\npackage b\n\nfunc init() {}\n\ntype T struct{}\n\nfunc (T) init() {}\n",
			want: []string{"internal/b/init.go:3: func init runs unseen: make it a function that somebody calls [no-init]"},
		},
		{
			name: "no doc.go and no Example",
			add:  "-- a/doc.go --\npackage a\n-- a/a_test.go --\npackage a_test\n",
			want: []string{
				"a: the public package has no doc.go with a package comment [doc]",
				"a: the public package has no Example in a _test.go file [example]",
			},
		},
		{
			name: "ARCHITECTURE.md does not know the package",
			add:  "-- ARCHITECTURE.md --\n| `a` | the first | standard library only |\nand internal/b\n",
			want: []string{"ARCHITECTURE.md: the table has no line that starts with | `internal/b` | [architecture]"},
		},
		{
			name: "ARCHITECTURE.md says something else",
			add:  "-- ARCHITECTURE.md --\n| `a` | the first | standard library only |\n| `internal/b` | x | a |\n",
			want: []string{`ARCHITECTURE.md: the line of internal/b says that it imports "a", the plan says "a, golang.org/x/sys" [architecture]`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, check(t, tt.add, smallPlan())); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStaleRow(t *testing.T) {
	plan := smallPlan()
	plan.Rows = append(plan.Rows, Row{Package: "gone"})
	want := []string{"gone: the package is gone: take its row out of the plan [no-stale-row]"}
	if diff := cmp.Diff(want, check(t, "", plan)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestVariables marks with "// changed" every line that must be found.
func TestVariables(t *testing.T) {
	const other = "-- internal/b/a_other.go --\npackage b\n\nimport \"sync\"\n\nvar elsewhere struct{ n int }\n\nvar mu sync.Mutex\n\nfunc twice() { elsewhere.n++ } // changed\n"
	const text = `package b

import "sync"

var count int
var table = map[string]int{}
var pointer *struct{ n int }
var list []struct{ n int }
var unknown sync.Pool
var later = func() { count = 7 } // changed

func twice() {
	count = 1 // changed
}

func bad() {
	count++              // changed
	count += 2           // changed
	table["x"] = 1       // changed
	pointer.n = 1        // changed
	(*pointer).n = 1     // changed
	list[0].n--          // changed
	elsewhere.n = 1      // changed
	unknown.New = nil    // changed
	local := 0
	local, count = 1, 2  // changed
	delete(table, "x")   // changed
	clear(list)          // changed
	for count = range 3 { // changed
	}
	go func() { count = local }() // changed
}

func fine(table map[string]int) int {
	table["x"] = 1
	count := 1
	count++
	if elsewhere := list; len(elsewhere) > 0 {
		elsewhere = nil
		_ = elsewhere
	}
	type holder struct{ count int }
	h := holder{count: 1}
	h.count = 2
	_ = pointer
	for count := range 3 {
		count++
	}
	return count + h.count
}
`
	var want []string
	for i, line := range strings.Split(text, "\n") {
		if strings.HasSuffix(line, "// changed") {
			want = append(want, "internal/b/v.go", strconv.Itoa(i+1))
		}
	}
	root := module(t, other+"-- internal/b/v.go --\n"+text)
	findings, err := Check(root, smallPlan())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		if f.Rule != "no-changing-variable" {
			t.Errorf("unexpected: %v", f)
		}
		if f.File == "internal/b/v.go" {
			got = append(got, f.File, strconv.Itoa(f.Line))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if len(findings) != len(want)/2+1 {
		t.Errorf("the change in the twin file for another system was not found: %v", findings)
	}
}

func TestUnreadable(t *testing.T) {
	for name, root := range map[string]fstest.MapFS{
		"no go.mod":          {"ARCHITECTURE.md": {}},
		"no ARCHITECTURE.md": {"go.mod": {Data: []byte("module m\n")}},
		"not Go":             {"go.mod": {Data: []byte("module m\n")}, "ARCHITECTURE.md": {}, "a/a.go": {Data: []byte("pack")}},
	} {
		if _, err := Check(root, Plan{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func check(t *testing.T, add string, plan Plan) []string {
	t.Helper()
	findings, err := Check(module(t, add), plan)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range findings {
		out = append(out, f.String())
	}
	return out
}

// module is the good module with files added or replaced.
func module(t *testing.T, add string) fstest.MapFS {
	t.Helper()
	root := fstest.MapFS{}
	for _, text := range []string{good, add} {
		for _, f := range txtar.Parse([]byte(text)).Files {
			root[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return root
}
