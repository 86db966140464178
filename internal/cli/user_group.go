package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/ui"
)

func newUserGroupCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "group",
		Short: "Settings that accounts share",
		RunE:  needCommand,
		Long:  "Groups hold settings for their accounts, as far as those have none of their own.",
	}
	cmd.AddCommand(newGroupAddCommand(env), newGroupSetCommand(env), newGroupListCommand(env), newGroupRmCommand(env))
	return cmd
}

// groupCommand is what makes a group or changes it.
type groupCommand struct {
	userCommand
	settings settingFlags
	disabled bool
}

func newGroupAddCommand(env *Env) *cobra.Command {
	c := &groupCommand{userCommand: userCommand{env: env}}
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Add a group",
		Example: "  sealane user group add partners --network 192.0.2.0/24 --allow /=list,download",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.put(cmd, store.Group{Name: args[0]}, true, cmd.Flags().Changed("disabled"))
		},
	}
	c.flags(cmd, false)
	return cmd
}

func newGroupSetCommand(env *Env) *cobra.Command {
	c := &groupCommand{userCommand: userCommand{env: env}}
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Change a group",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			disabled := cmd.Flags().Changed("disabled")
			if !disabled && !c.settings.given() {
				return withHint(usagef("there is nothing to change"), "sealane user group set --help lists what can be")
			}
			return c.put(cmd, store.Group{Name: args[0]}, false, disabled)
		},
	}
	c.flags(cmd, true)
	return cmd
}

func (c *groupCommand) flags(cmd *cobra.Command, unset bool) {
	c.userCommand.flags(cmd)
	c.settings.flags(cmd, unset)
	cmd.Flags().BoolVar(&c.disabled, "disabled", false, "let none of its accounts log in")
}

// put adds a group, or changes the one that is there.
func (c *groupCommand) put(cmd *cobra.Command, g store.Group, add, disabled bool) error {
	ctx, action := cmd.Context(), control.GroupSet
	if add {
		action = control.GroupAdd
	}
	return c.with(ctx, add, func(all store.Accounts) error {
		there, err := all.Group(ctx, g.Name)
		switch {
		case err == nil && add:
			return withHint(fmt.Errorf("there is a group %s already", ui.Safe(g.Name)), "sealane user group set changes it")
		case err == nil:
			g = there
		case !add || !errors.Is(err, store.ErrNotFound):
			return about("group", g.Name, err)
		}
		if disabled {
			g.Disabled = c.disabled
		}
		if err := c.settings.apply(&g.Settings); err != nil {
			return err
		}
		err = all.PutGroup(ctx, g)
		if err == nil {
			c.did(action, g.Name, described(cmd))
		}
		return about("group", g.Name, err)
	})
}

func newGroupListCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the groups and their settings",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.list(cmd.Context(), func(all store.Accounts) error {
				list, err := all.Groups(cmd.Context())
				for _, g := range list {
					if asJSON {
						err = errors.Join(err, ui.WriteJSON(env.Stdout, groupJSON(g)))
					} else {
						err = errors.Join(err, c.say("%s", describeGroup(g)))
					}
				}
				return err
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object a line")
	return cmd
}

func describeGroup(g store.Group) string {
	var b strings.Builder
	b.WriteString(ui.Safe(g.Name))
	if g.Disabled {
		b.WriteString("  disabled")
	}
	b.WriteByte('\n')
	var rows strings.Builder
	describeSettings(&rows, g.Settings)
	for line := range strings.Lines(rows.String()) {
		b.WriteString("  " + line)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func newGroupRmCommand(env *Env) *cobra.Command {
	c := &userCommand{env: env}
	cmd := &cobra.Command{
		Use:   "rm NAME",
		Short: "Remove a group without accounts",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), false, func(all store.Accounts) error {
				err := all.DeleteGroup(cmd.Context(), args[0])
				if err == nil {
					c.did(control.GroupRemove, args[0], "")
				}
				return about("group", args[0], err)
			})
		},
	}
	c.flags(cmd)
	return cmd
}
