package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/daemon"
	"github.com/sealane/sealane/internal/ui"
)

func newUserCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Accounts that the server keeps",
		RunE:  needCommand,
		Long: `Add, change and remove the accounts that "sealane serve" keeps in its state folder.
A server that runs takes changes at the next login; sessions that are open go on.
An account of the configuration goes before a kept one of the same name.`,
	}
	cmd.AddCommand(newUserAddCommand(env), newUserSetCommand(env), newUserListCommand(env), newUserShowCommand(env),
		newUserPasswdCommand(env), newUserDisableCommand(env), newUserEnableCommand(env), newUserRmCommand(env),
		newUserImportCommand(env), newUserTOTPCommand(env), newUserGroupCommand(env))
	return cmd
}

// userCommand is what the commands below "sealane user" share.
type userCommand struct {
	env    *Env
	state  string
	config string
	done   []control.Done // what is to be recorded
}

func (u *userCommand) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&u.state, "state", "", "the state `DIR` of the server (default: the user's state folder)")
	cmd.Flags().StringVar(&u.config, "config", "", "take the state folder from this TOML `FILE` of the server")
}

// with opens the accounts for do. create: also if none was ever kept.
func (u *userCommand) with(ctx context.Context, create bool, do func(store.Accounts) error) (err error) {
	c, err := settingsOf(u.config, u.state)
	if err != nil {
		return err
	}
	accounts, err := daemon.OpenKept(ctx, c, create)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, accounts.Close()) }()
	err = do(accounts)
	if len(u.done) == 0 {
		return err
	}
	// What was done is done, whatever came behind it, and an interrupt too.
	if lost := daemon.RecordDone(context.WithoutCancel(ctx), c, u.done); lost != nil {
		err = errors.Join(err, withHint(fmt.Errorf("it is done, but not recorded in the trail: %w", lost), "sealane log verify and the log of the server say more"))
	}
	return err
}

// list is with for commands that only show: where none was ever kept, there is nothing.
func (u *userCommand) list(ctx context.Context, do func(store.Accounts) error) error {
	err := u.with(ctx, false, do)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// did takes what was changed, for the trail. detail has no secrets.
func (u *userCommand) did(action, object, detail string) {
	u.done = append(u.done, control.Done{Action: action, Object: object, Detail: detail})
}

// described are the flags that say in the trail how an account was changed.
func described(cmd *cobra.Command) string {
	var list []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "state", "config", "password-file", "password-stdin", "random", "json", "update":
			return
		}
		list = append(list, f.Name+"="+f.Value.String())
	})
	return strings.Join(list, " ")
}

// about says whose error it is, and what to do. what is "account" or "group".
func about(what, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrExists):
		return withHint(fmt.Errorf("there is an account %s already", ui.Safe(name)), "sealane user set changes it")
	case errors.Is(err, store.ErrInUse):
		return withHint(fmt.Errorf("accounts are in the group %s", ui.Safe(name)), "sealane user list shows them; sealane user set --group moves them")
	case errors.Is(err, store.ErrNotFound):
		return withHint(fmt.Errorf("there is no %s %s", what, ui.Safe(name)), "sealane user list and sealane user group list show what there is")
	case errors.Is(err, store.ErrInvalid):
		return usagef("%s %q: %s", what, name, strings.TrimPrefix(err.Error(), store.ErrInvalid.Error()+": "))
	}
	return fmt.Errorf("%s %s: %w", what, ui.Safe(name), err)
}

// change alters one account; action and detail are for the trail.
func (u *userCommand) change(ctx context.Context, name, action, detail string, change func(*store.Account) error) error {
	return u.with(ctx, false, func(all store.Accounts) error {
		err := u.update(ctx, all, name, change)
		if err == nil {
			u.did(action, name, detail)
		}
		return err
	})
}

// update alters one account of all. Errors of change are shown as they are.
func (u *userCommand) update(ctx context.Context, all store.Accounts, name string, change func(*store.Account) error) error {
	var own error
	group := ""
	err := all.Update(ctx, name, func(a *store.Account) error {
		own = change(a)
		group = a.Group
		return own
	})
	if own != nil {
		return own
	}
	return about(missing(ctx, all, name, group, err))
}

// missing tells an account that is not there from its group that is not.
func missing(ctx context.Context, all store.Accounts, name, group string, err error) (string, string, error) {
	if errors.Is(err, store.ErrNotFound) && group != "" {
		if _, none := all.Group(ctx, group); errors.Is(none, store.ErrNotFound) {
			return "group", group, err
		}
	}
	return "account", name, err
}

// userJSON is an account or a group as JSON. Nothing in it is secret.
type userJSON struct {
	Name         string     `json:"name"`
	RawName      []byte     `json:"name_raw,omitempty"`
	Group        string     `json:"group,omitempty"`
	Disabled     bool       `json:"disabled"`
	Password     *bool      `json:"password,omitempty"`
	SecondFactor *bool      `json:"second_factor,omitempty"`
	Recovery     *int       `json:"recovery_codes,omitempty"`
	Certificates []string   `json:"certificate_rules,omitempty"`
	Created      *time.Time `json:"created,omitempty"`
	LastLogin    *time.Time `json:"last_login,omitempty"`
	store.Settings
}

func accountJSON(a store.Account) userJSON {
	out := userJSON{
		Name: a.Name, RawName: rawName(a.Name), Group: a.Group, Disabled: a.Disabled,
		Password: new(a.PasswordHash != ""), SecondFactor: new(len(a.SecondFactor) > 0), Recovery: new(len(a.RecoveryCodes)),
		Certificates: certificateTexts(a), Created: &a.Created, Settings: a.Settings,
	}
	if !a.LastLogin.IsZero() {
		out.LastLogin = &a.LastLogin
	}
	return out
}

func groupJSON(g store.Group) userJSON {
	return userJSON{Name: g.Name, RawName: rawName(g.Name), Disabled: g.Disabled, Settings: g.Settings}
}

func certificateTexts(a store.Account) (out []string) {
	for _, r := range a.Certificates {
		out = append(out, r.String())
	}
	return out
}

// describeSettings writes what is set, as the flags have it.
func describeSettings(b *strings.Builder, s store.Settings) {
	for _, row := range userSettings() {
		for _, text := range row.show(&s) {
			fmt.Fprintf(b, "%-18s %s\n", row.flag, ui.Safe(text))
		}
	}
}

func (u *userCommand) say(format string, args ...any) error {
	_, err := fmt.Fprintf(u.env.Stdout, format+"\n", args...)
	return err
}
