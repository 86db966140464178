package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Help is the help of one command.
type Help struct {
	Command string // such as "sealane cert show"
	Text    string // as --help prints it
}

// Commands gives the help of every command, in the order in which help lists them.
func Commands() []Help {
	env := &Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}
	return helpOf(newRootCommand(env))
}

func helpOf(cmd *cobra.Command) []Help {
	cmd.InitDefaultHelpFlag()
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	out := []Help{{cmd.CommandPath(), strings.TrimSpace(text) + "\n\n" + strings.TrimSpace(cmd.UsageString()) + "\n"}}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			out = append(out, helpOf(sub)...)
		}
	}
	return out
}
