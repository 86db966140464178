package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/ui"
)

func newUserListCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.list(cmd.Context(), func(all store.Accounts) error {
				list, err := all.List(cmd.Context())
				if err != nil {
					return err
				}
				return c.printAccounts(list, asJSON)
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object a line")
	return cmd
}

func (u *userCommand) printAccounts(list []store.Account, asJSON bool) error {
	for _, a := range list {
		var err error
		if asJSON {
			err = ui.WriteJSON(u.env.Stdout, accountJSON(a))
		} else {
			err = u.say("%s", accountLine(a))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func accountLine(a store.Account) string {
	parts := []string{fmt.Sprintf("%-20s", ui.Safe(a.Name))}
	if a.Disabled {
		parts = append(parts, "disabled")
	}
	if a.Group != "" {
		parts = append(parts, "group "+ui.Safe(a.Group))
	}
	if len(a.SecondFactor) > 0 {
		parts = append(parts, "one-time passwords")
	}
	if a.Expires != nil && !a.Expires.IsZero() {
		parts = append(parts, "expires "+a.Expires.UTC().Format(time.DateOnly))
	}
	last := "never logged in"
	if !a.LastLogin.IsZero() {
		last = "last login " + a.LastLogin.Format("2006-01-02 15:04")
	}
	return strings.Join(append(parts, last), "  ")
}
