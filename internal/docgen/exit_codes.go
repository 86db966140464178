package main

import (
	"fmt"
	"strings"

	"github.com/sealane/sealane/internal/cli"
)

const exitCodesHead = `# Exit codes

Generated from the table in ` + "`internal/cli/exit_codes.go`" + ` by ` + "`make docs`" + `; do not edit.

Scripts may rely on them: they stay as they are, and more may be added. From 50 to 59 they say why a server is not trusted, and 5 stands for all else that
keeps TLS from being as safe as was asked for; a script for which the reason does not matter takes 5 and 50 to 59 together. ` + "`sealane help exit-codes`" + ` prints the same.

| code | meaning |
|---|---|
`

func exitCodes() string {
	var b strings.Builder
	b.WriteString(exitCodesHead)
	for _, c := range cli.ExitCodes() {
		fmt.Fprintf(&b, "| %d | %s |\n", c.Code, c.Meaning)
	}
	return b.String()
}
