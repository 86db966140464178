package cli

import (
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/ui"
)

// totpIssuer is what apps show beside the name of the account.
const totpIssuer = "Sealane"

// recoveryCodes is how many there are if nothing else is asked for.
const recoveryCodes = 10

func newUserTOTPCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "totp",
		Short: "One-time passwords of an account",
		RunE:  needCommand,
		Long: `Demand a one-time password (TOTP, six digits of an app) beside the password. The
client sends both in one: the password, and the digits right behind it. A recovery
code in place of the digits counts once.`,
	}
	cmd.AddCommand(newTOTPEnableCommand(env), newTOTPDisableCommand(env))
	return cmd
}

func newTOTPEnableCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	asJSON, codes := false, recoveryCodes
	cmd := &cobra.Command{
		Use:   "enable NAME",
		Short: "Demand one-time passwords",
		Long:  "Demand one-time passwords from the next login on, and print the secret for the app,\nand recovery codes. Both are shown this once.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if codes < 0 || codes > store.MaxRecovery {
				return usagef("--recovery: %d is not of 0 to %d", codes, store.MaxRecovery)
			}
			secret := store.NewSecret()
			shown, sums := store.NewRecoveryCodes(codes)
			err := c.change(cmd.Context(), args[0], control.TOTPEnable, ui.Counted(codes, "recovery code"), func(a *store.Account) error {
				if len(a.SecondFactor) > 0 {
					return withHint(fmt.Errorf("%s has one-time passwords already", ui.Safe(a.Name)), "sealane user totp disable takes them away; then enable makes a new secret")
				}
				a.SecondFactor, a.RecoveryCodes = secret, sums
				return nil
			})
			if err != nil {
				return err
			}
			return c.showSecret(args[0], secret, shown, asJSON)
		},
	}
	c.flags(cmd)
	cmd.Flags().IntVar(&codes, "recovery", codes, "make this `NUMBER` of recovery codes")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (u *userCommand) showSecret(name string, secret []byte, codes []string, asJSON bool) error {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	uri := store.SecretURI(totpIssuer, name, secret)
	if asJSON {
		return ui.WriteJSON(u.env.Stdout, struct {
			Name   string   `json:"name"`
			Secret string   `json:"secret"`
			URI    string   `json:"uri"`
			Codes  []string `json:"recovery_codes"`
		}{name, text, uri, codes})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "secret          %s\nfor QR codes    %s\n", text, ui.Safe(uri))
	for _, code := range codes {
		fmt.Fprintf(&b, "recovery code   %s\n", code)
	}
	b.WriteString("These are shown this once. Log in with the password and the digits right behind it.")
	return u.say("%s", b.String())
}

func newTOTPDisableCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	cmd := &cobra.Command{
		Use:   "disable NAME",
		Short: "Let the password be enough",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.change(cmd.Context(), args[0], control.TOTPDisable, "", func(a *store.Account) error {
				if len(a.SecondFactor) == 0 {
					return errors.New(ui.Safe(a.Name) + " has no one-time passwords")
				}
				a.SecondFactor, a.RecoveryCodes = nil, nil
				return nil
			})
		},
	}
	c.flags(cmd)
	return cmd
}
