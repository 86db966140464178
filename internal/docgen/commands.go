package main

import (
	"strings"

	"github.com/sealane/sealane/internal/cli"
)

const commandsHead = `# Commands

Generated from the commands by ` + "`make docs`" + `; do not edit. ` + "`sealane help`" + ` and ` + "`--help`" + ` behind a command print the same.
What the exit codes mean is in [exit-codes.md](exit-codes.md).
`

func commands() string {
	var b strings.Builder
	b.WriteString(commandsHead)
	for _, c := range cli.Commands() {
		b.WriteString("\n## " + c.Command + "\n\n```\n" + c.Text + "```\n")
	}
	return b.String()
}
