package cli

import (
	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/control"
)

func newUserEnableCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	cmd := &cobra.Command{
		Use:   "enable NAME",
		Short: "Let an account log in again",
		Long:  "Take back what \"sealane user disable\" did.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.change(cmd.Context(), args[0], control.AccountEnable, "", func(a *store.Account) error { a.Disabled = false; return nil })
		},
	}
	c.flags(cmd)
	return cmd
}
