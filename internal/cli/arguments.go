package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/ui"
)

// tellArguments has cmd, and all below it, say in our own words that there are too many
// arguments or too few.
func tellArguments(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if check(cmd, args) == nil {
				return nil
			}
			return argumentsError(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		tellArguments(sub)
	}
}

// argumentsError says what a command takes, as the first line of its help does.
func argumentsError(cmd *cobra.Command, args []string) error {
	_, takes, _ := strings.Cut(cmd.Use, " ")
	if takes == "" {
		takes = "no arguments"
	}
	given := "nothing"
	if n := len(args); n > 0 {
		given = ui.Counted(n, "argument")
	}
	return withHint(usagef("%s takes %s, and was given %s", cmd.CommandPath(), takes, given), "%s --help shows how it is used", cmd.CommandPath())
}
