package main

import (
	"fmt"
	"io"
	"strings"
)

// lastLines is how much of each failed test is said again at the end, where one who sees
// nothing but the end of a log finds it.
const lastLines = 6

// transcript tells what "go test" would have said: a line for each package, and before
// it what came from tests that did not pass.
type transcript struct {
	out    io.Writer
	held   map[string][]event // of packages that run: the output of tests that have not passed
	failed []string           // the last lines of each failed test
}

func (t *transcript) hear(e event) {
	switch of := e.Test != ""; {
	case of && (e.Action == "pass" || e.Action == "skip"):
		t.forget(e)
	case of && e.Action == "fail":
		t.remember(e)
	case of && e.Output != "" && !strings.HasPrefix(e.Output, "=== "): // RUN, PAUSE, CONT: the order of many at once
		t.held[e.Package] = append(t.held[e.Package], e)
	case !of && e.Action == "fail":
		// Of a package that was ended, by its time or a panic, tests have no verdict.
		for _, said := range t.held[e.Package] {
			fmt.Fprint(t.out, said.Output)
		}
	case !of && e.Output != "PASS\n":
		fmt.Fprint(t.out, e.Output)
	}
}

// remember keeps the last that a failed test has said itself.
func (t *transcript) remember(e event) {
	var said []string
	for _, held := range t.held[e.Package] {
		if held.Test == e.Test && !strings.HasPrefix(strings.TrimSpace(held.Output), "--- ") {
			said = append(said, held.Output)
		}
	}
	if n := len(said); n > 0 && e.Package != own { // see readResults
		t.failed = append(t.failed, fmt.Sprintf("%s %s:\n", e.Package, e.Test))
		t.failed = append(t.failed, said[max(0, n-lastLines):]...)
	}
}

// end says again how the failed tests ended.
func (t *transcript) end() {
	if len(t.failed) > 0 {
		fmt.Fprintf(t.out, "\nwhat failed tests said last:\n%s\n", strings.Join(t.failed, ""))
	}
}

// forget drops what a test and its subtests have said.
func (t *transcript) forget(e event) {
	kept := t.held[e.Package][:0]
	for _, said := range t.held[e.Package] {
		if said.Test != e.Test && !strings.HasPrefix(said.Test, e.Test+"/") {
			kept = append(kept, said)
		}
	}
	t.held[e.Package] = kept
}
