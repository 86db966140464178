package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/daemon"
	"github.com/sealane/sealane/internal/ui"
)

func newCtlCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ctl",
		Short: "Look at the server that runs, and steer it",
		RunE:  needCommand,
		Long: `Speak with the "sealane serve" that runs on this machine, over its socket: that is
control.sock in its state folder, or what control.socket in its settings names.
Only the user that the server runs as and root may do so.`,
	}
	cmd.AddCommand(newCtlSessionsCommand(env), newCtlTransfersCommand(env), newCtlKickCommand(env),
		newCtlBanCommand(env), newCtlUnbanCommand(env), newCtlBansCommand(env),
		newCtlReloadCommand(env), newCtlDrainCommand(env), newCtlStatsCommand(env), newCtlCertsCommand(env))
	return cmd
}

// ctlCommand is what the commands below "sealane ctl" share.
type ctlCommand struct {
	env    *Env
	state  string
	config string
	socket string
	json   bool
}

// addJSON is for commands that print something.
func (c *ctlCommand) addJSON(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON, one object a line")
}

func (c *ctlCommand) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.state, "state", "", "the state `DIR` of the server (default: the user's state folder)")
	cmd.Flags().StringVar(&c.config, "config", "", "find the socket by this TOML `FILE` of the server")
	cmd.Flags().StringVar(&c.socket, "socket", "", "the socket itself, `FILE`")
}

// path finds the socket.
func (c *ctlCommand) path() (string, error) {
	if c.socket != "" {
		return c.socket, nil
	}
	settings, err := settingsOf(c.config, c.state)
	if len(config.Apart(err)) > 0 {
		// The server runs with the settings of before. It says itself what it does not like.
		right, ok := config.Partly(c.config, "state", "control", "control.socket")
		if !ok {
			return "", errors.Join(err, withHint(errors.New("the server cannot be found by such a file"), "name its socket: --socket FILE, or its state folder: --state DIR alone"))
		}
		if settings, err = right, nil; c.state != "" {
			settings.State = c.state
		}
	}
	if err != nil {
		return "", err
	}
	path, err := daemon.ControlSocket(settings)
	if err == nil && path == "" {
		err = withHint(errors.New("this server has no socket to be steered by"), `remove control.socket = "off" from its settings`)
	}
	return path, err
}

// with speaks with the server.
func (c *ctlCommand) with(ctx context.Context, do func(context.Context, *control.Client) error) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	server := control.NewClient(path)
	defer server.Close()
	err = do(ctx, server)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return withHint(fmt.Errorf("no server answers at %s", path), "start it, or name its state folder: --state DIR or --config FILE")
	case errors.Is(err, os.ErrPermission):
		return withHint(fmt.Errorf("this user may not steer the server of %s", path), "become the user that it runs as, or root")
	}
	return err
}

// run makes the RunE of a command whose function needs no arguments.
func (c *ctlCommand) run(do func(context.Context, *control.Client) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error { return c.with(cmd.Context(), do) }
}

// printList writes each of list as JSON, or else the lines of a table.
func printList[T any](c *ctlCommand, list []T, table func([]T) []string) error {
	if !c.json {
		return printLines(c.env, table(list))
	}
	for _, one := range list {
		if err := ui.WriteJSON(c.env.Stdout, one); err != nil {
			return err
		}
	}
	return nil
}

func printLines(env *Env, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(env.Stdout, line); err != nil {
			return err
		}
	}
	return nil
}
