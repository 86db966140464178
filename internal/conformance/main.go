// Command conformance writes docs/conformance.md: what the standards, known attacks
// and our own promises demand, which tests carry each demand, and how these tests
// ended. It reads the results of a test run from its input, as "make conformance" does:
//
//	go test -json ./... | go run ./internal/conformance
//	go test -json ./... | go run ./internal/conformance -check
//	go test -json ./... | go run ./internal/conformance -page=false
//
// It says what "go test" would have said, and fails if a test has failed; what the failed
// ones said last, and all their names, stand at the end. The page is written all the same. With
// -check it writes nothing and fails also where the page is not what it would write; with
// -page=false it does not look at the page.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const pagePath = "docs/conformance.md"

func main() {
	check := flag.Bool("check", false, "compare "+pagePath+" instead of writing it")
	page := flag.Bool("page", true, "write or compare "+pagePath)
	flag.Parse()
	var err error
	if *page {
		err = run(os.Stdin, os.Stdout, ".", *check)
	} else {
		_, err = readResults(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(results io.Reader, out io.Writer, root string, check bool) error {
	demands, err := readDemands()
	if err != nil {
		return err
	}
	tests, err := scan(root)
	if err != nil {
		return err
	}
	verdicts, failed := readResults(results, out)
	if failed != nil && (check || !errors.Is(failed, errFailed)) {
		return failed
	}
	page := page(demands, tests, verdicts)
	if !check {
		return errors.Join(os.WriteFile(root+"/"+pagePath, []byte(page), 0o644), failed)
	}
	old, err := os.ReadFile(root + "/" + pagePath)
	if err != nil {
		return err
	}
	if line := firstDifference(string(old), page); line != "" {
		return fmt.Errorf("%s is out of date, run make conformance; the first line that differs should be:\n%s", pagePath, line)
	}
	return nil
}
