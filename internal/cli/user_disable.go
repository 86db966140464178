package cli

import (
	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/control"
)

func newUserDisableCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	cmd := &cobra.Command{
		Use:   "disable NAME",
		Short: "Let an account no longer log in",
		Long:  "Refuse its logins from now on. Sessions that are open go on.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.change(cmd.Context(), args[0], control.AccountDisable, "", func(a *store.Account) error { a.Disabled = true; return nil })
		},
	}
	c.flags(cmd)
	return cmd
}
