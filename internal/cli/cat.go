package cli

import (
	"github.com/spf13/cobra"
)

func newCatCommand(env *Env) *cobra.Command {
	g := &getCommand{env: env, noGlob: true, parallel: 1}
	g.quiet = true
	cmd := &cobra.Command{
		Use:   "cat URL",
		Short: "Write a file of a server to standard output",
		Long: `Write the file at URL to standard output, as "sealane get URL -" does, and nothing
else. What has been written stands when the file turns out not to be whole: the exit
code says so.`,
		Example: "  sealane cat ftpes://anna@files.example/out/orders.csv | sort",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.run(cmd.Context(), []string{args[0], "-"})
		},
	}
	g.add(cmd)
	g.addCheck(cmd)
	if err := cmd.Flags().MarkHidden("json"); err != nil {
		panic(err) // the flag is there: add has made it
	}
	return cmd
}
