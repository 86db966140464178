package cli

import "github.com/spf13/cobra"

func newCertCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cert",
		Short: "Certificates, and whom to trust",
		RunE:  needCommand,
		Long: `Make, sign, look at, check and renew certificates, run a small private
authority, and say whom the client trusts. Keys can be read by their owner only;
no file is overwritten without --force.`,
	}
	cmd.AddCommand(newCertNewCommand(env), newCertCACommand(env), newCertCSRCommand(env), newCertSignCommand(env),
		newCertShowCommand(env), newCertCheckCommand(env), newCertRenewCommand(env),
		newCertExportCommand(env), newCertImportCommand(env))
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
