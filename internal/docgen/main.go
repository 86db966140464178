// Command docgen writes the reference pages of docs/ from the code, so that they
// cannot drift from it: "go run ./internal/docgen docs".
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: docgen FOLDER")
		os.Exit(2)
	}
	for name, text := range pages() {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "docgen:", err)
			os.Exit(1)
		}
	}
}

// pages gives the text of each generated page by its file name.
func pages() map[string]string {
	return map[string]string{
		"protocol.md": protocol(), "exit-codes.md": exitCodes(), "commands.md": commands(),
		"control.md": controlPage(), "sealane.toml": settings(),
	}
}
