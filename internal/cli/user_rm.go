package cli

import (
	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/control"
)

func newUserRmCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	cmd := &cobra.Command{
		Use:   "rm NAME",
		Short: "Remove an account",
		Long:  "Remove an account. Its folder and its files stay; sessions that are open go on.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), false, func(all store.Accounts) error {
				err := all.Delete(cmd.Context(), args[0])
				if err == nil {
					c.did(control.AccountRemove, args[0], "")
				}
				return about("account", args[0], err)
			})
		},
	}
	c.flags(cmd)
	return cmd
}
