package cli

import (
	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/control"
)

func newUserSetCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	var own accountFlags
	var settings settingFlags
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Change an account",
		Long: `Change what the flags name, and nothing else. A flag that can be repeated replaces
the whole list. Changes count from the next login on.`,
		Example: `  sealane user set anna --read-only --expires 2027-01-31
  sealane user set anna --unset read-only --group partners`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !settings.given() && own.group == "" && len(own.certificates) == 0 {
				return withHint(usagef("there is nothing to change"), "sealane user set --help lists what can be")
			}
			return c.change(cmd.Context(), args[0], control.AccountSet, described(cmd), func(a *store.Account) error {
				if err := own.apply(a); err != nil {
					return err
				}
				return settings.apply(&a.Settings)
			})
		},
	}
	c.flags(cmd)
	own.flags(cmd)
	settings.flags(cmd, true)
	return cmd
}
