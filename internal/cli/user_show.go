package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/ui"
)

func newUserShowCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show one account",
		Long:  "Show what is set of an account itself, without what it has of its group.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), false, func(all store.Accounts) error {
				a, err := all.Get(cmd.Context(), args[0])
				if err != nil {
					return about("account", args[0], err)
				}
				if asJSON {
					return ui.WriteJSON(env.Stdout, accountJSON(a))
				}
				return c.say("%s", describeAccount(a))
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func describeAccount(a store.Account) string {
	var b strings.Builder
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-18s %s\n", name, ui.Safe(text))
		}
	}
	row("name", a.Name)
	row("group", a.Group)
	row("disabled", map[bool]string{true: "yes"}[a.Disabled])
	row("password", map[bool]string{true: "none", false: "set"}[a.PasswordHash == ""])
	if len(a.SecondFactor) > 0 {
		row("one-time passwords", "on, "+ui.Counted(len(a.RecoveryCodes), "recovery code")+" left")
	}
	for _, text := range certificateTexts(a) {
		row("certificate-rule", text)
	}
	describeSettings(&b, a.Settings)
	row("created", a.Created.Format(time.RFC3339))
	if !a.LastLogin.IsZero() {
		row("last login", a.LastLogin.Format(time.RFC3339))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
