package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// remoteCommand is a command that does one thing on a server and moves no file.
type remoteCommand struct {
	clientFlags
	env *Env
}

// newRemoteCommand makes such a command of its words; do gets the arguments behind the
// URL.
func newRemoteCommand(env *Env, cmd *cobra.Command, do func(ctx context.Context, r *remoteCommand, c *ftpclient.Client, u ftp.URL, args []string) error) *cobra.Command {
	r := &remoteCommand{env: env}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		u, err := parseURL(args[0])
		if err != nil {
			return err
		}
		c, err := r.dial(ctx, env, u)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := do(ctx, r, c, u, args[1:]); err != nil {
			return err
		}
		leave(ctx, c)
		return nil
	}
	r.add(cmd)
	return cmd
}

// done is the JSON of a change that the server has confirmed.
type done struct {
	Event string `json:"event"`
	URL   string `json:"url"` // without password
	To    string `json:"to,omitempty"`
}

// changed tells programs of a change; people asked for it and hear only of errors.
func (r *remoteCommand) changed(event string, u ftp.URL, to string) error {
	if !r.json {
		return nil
	}
	return ui.WriteJSON(r.env.Stdout, done{event, u.String(), to})
}
