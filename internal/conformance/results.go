package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// module is what import paths begin with in the output of go test.
const module = "github.com/sealane/sealane/"

// verdicts are the ends of tests, "pass", "fail" or "skip", by folder and name.
type verdicts map[string]string

func (v verdicts) of(pkg, name string) string { return v[pkg+" "+name] }

// event is a line of "go test -json" (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of what did not compile
	Test       string
	Output     string
}

// errFailed is told beside the verdicts.
var errFailed = errors.New("tests have failed")

// own is this package: its tests fail where the page is out of date, which is no
// verdict on what the page is about.
const own = module + "internal/conformance"

// readResults reads the output of "go test -json" and writes to out what "go test" would
// have said. Failed tests are errFailed, with their names, and no test at all is an error too.
func readResults(r io.Reader, out io.Writer) (verdicts, error) {
	v := verdicts{}
	var failed []string
	told := transcript{out: out, held: make(map[string][]event)}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			// What go itself says, such as a module that it cannot find.
			fmt.Fprint(out, string(line))
			continue
		}
		told.hear(e)
		switch e.Action {
		case "fail", "build-fail":
			if e.Package != own {
				failed = append(failed, strings.TrimSpace(strings.TrimPrefix(cmp.Or(e.Package, e.ImportPath), module)+" "+e.Test))
			}
		case "pass", "skip":
		default:
			continue
		}
		if e.Test != "" {
			v[strings.TrimPrefix(e.Package, module)+" "+e.Test] = e.Action
		}
	}
	told.end()
	switch {
	case len(v) == 0:
		return nil, errors.New("the input holds no results: it wants the output of go test -json")
	case len(failed) > 0:
		return v, fmt.Errorf("%w: %s", errFailed, strings.Join(failed, ", "))
	}
	return v, nil
}

// suiteRuns are the tests that run the suite of the storage drivers.
func suiteRuns() [][2]string {
	return [][2]string{{"vfs/memfs", "TestSuite"}, {"vfs/osfs", "TestSuite"}, {"vfs/layer", "TestSuite"}}
}

// verdict is how the tests of one demand ended, in one word.
func verdict(tests []test, v verdicts) string {
	count := map[string]int{}
	for _, t := range tests {
		switch {
		case t.Interop:
			count["interop"]++
		case t.Package == suite && strings.HasPrefix(t.Name, "test"):
			for _, run := range suiteRuns() {
				count[v.of(run[0], run[1])]++
			}
		default:
			count[v.of(t.Package, t.Name)]++ // "" where another system runs it
		}
	}
	for _, word := range []string{"fail", "pass", "skip", "interop"} {
		if count[word] > 0 {
			return word
		}
	}
	return "not run"
}
