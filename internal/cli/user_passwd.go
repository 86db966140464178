package cli

import (
	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/control"
)

func newUserPasswdCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	var p newPassword
	cmd := &cobra.Command{
		Use:     "passwd NAME",
		Short:   "Give an account another password",
		Example: "  sealane user passwd anna\n  sealane user passwd anna --random",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, name := cmd.Context(), args[0]
			return c.with(ctx, false, func(all store.Accounts) error {
				if _, err := all.Get(ctx, name); err != nil { // before it is asked for
					return about("account", name, err)
				}
				hash, shown, err := p.hash(ctx, env, name)
				if err != nil {
					return err
				}
				err = c.update(ctx, all, name, func(a *store.Account) error { a.PasswordHash = hash; return nil })
				if err != nil {
					return err
				}
				c.did(control.AccountPassword, name, described(cmd))
				return c.added(name, shown)
			})
		},
	}
	c.flags(cmd)
	p.flags(cmd)
	return cmd
}
