package cli

import "github.com/spf13/cobra"

func newCertCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cert",
		Short: "Certificates, and whom to trust",
		RunE:  needCommand,
	}
	cmd.AddCommand(newCertTrustCommand(env))
	return cmd
}

// needCommand is for a command that only has others below it: without one of them
// it prints its help, and a word that is none of them is a usage error.
func needCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return withHint(usagef("there is no command %q below %s", args[0], cmd.CommandPath()), "%s --help lists them", cmd.CommandPath())
	}
	return cmd.Help()
}
