package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/ui"
)

// accountFlags are what an account has beside its settings.
type accountFlags struct {
	group        string
	certificates []string
}

func (f *accountFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.group, "group", "", "the `GROUP` whose settings count where the account has none; or none")
	cmd.Flags().StringArrayVar(&f.certificates, "certificate-rule", nil, "its client certificates: `email:|uri:|cn:TEXT, or sha256/KEY`; repeatable, or none")
}

func (f *accountFlags) apply(a *store.Account) error {
	switch f.group {
	case "":
	case userNone:
		a.Group = ""
	default:
		a.Group = f.group
	}
	if len(f.certificates) == 0 {
		return nil
	}
	var rules []auth.CertificateRule
	for _, text := range f.certificates {
		if text == userNone && len(f.certificates) == 1 {
			break
		}
		r, err := config.ParseCertificateRule(text)
		if err != nil {
			return usagef("--certificate-rule: %w", err)
		}
		rules = append(rules, r)
	}
	a.Certificates = rules
	return nil
}

type userAddCommand struct {
	userCommand
	newPassword
	accountFlags
	settings settingFlags
	disabled bool
}

func newUserAddCommand(env *Env) *cobra.Command {
	c := &userAddCommand{userCommand: userCommand{env: env}}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an account",
		Long: `Add an account, and ask for its password. What is not set here is as in its group,
and else as the server has it. An account without --dir sees a folder of its own
where the server has accounts.homes, and else the folder of the server.`,
		Example: `  sealane user add anna
  sealane user add scanner --random --dir /srv/scans --allow /=list,upload
  sealane user add bob --password-file bob.password --quota-bytes "10 GiB" --network 192.0.2.0/24`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.run(cmd.Context(), args[0], described(cmd))
		},
	}
	c.userCommand.flags(cmd)
	c.newPassword.flags(cmd)
	c.accountFlags.flags(cmd)
	c.settings.flags(cmd, false)
	cmd.Flags().BoolVar(&c.disabled, "disabled", false, "add it, but let it not log in yet")
	return cmd
}

func (c *userAddCommand) run(ctx context.Context, name, detail string) error {
	a := store.Account{Name: name, Disabled: c.disabled}
	if err := c.accountFlags.apply(&a); err != nil {
		return err
	}
	if err := c.settings.apply(&a.Settings); err != nil {
		return err
	}
	if err := a.Check(); err != nil { // before the password is asked for
		return about("account", name, err)
	}
	return c.with(ctx, true, func(all store.Accounts) error {
		if _, err := all.Get(ctx, name); err == nil {
			return about("account", name, store.ErrExists)
		}
		hash, shown, err := c.hash(ctx, c.env, name)
		if err != nil {
			return err
		}
		a.PasswordHash = hash
		if err := all.Add(ctx, a); err != nil {
			return about(missing(ctx, all, name, a.Group, err))
		}
		c.did(control.AccountAdd, name, detail)
		return c.added(name, shown)
	})
}

// added tells of a new password that was made here.
func (u *userCommand) added(name, shown string) error {
	if shown == "" {
		return nil
	}
	return u.say("password of %s: %s   (shown this once; only its hash is kept)", ui.Safe(name), shown)
}
