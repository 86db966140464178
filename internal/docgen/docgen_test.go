package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The pages in docs/ are those that the code gives now.
func TestPagesAreUpToDate(t *testing.T) {
	for name, want := range pages() {
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("docs/%s is out of date: run make docs", name)
		}
	}
}
