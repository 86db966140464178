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
	env    *Env
	noGlob bool // of commands that take patterns
}

// newRemoteCommand makes such a command of its words; do gets the arguments behind the
// URL.
func newRemoteCommand(env *Env, cmd *cobra.Command, do func(ctx context.Context, r *remoteCommand, c *ftpclient.Client, u ftp.URL, args []string) error) *cobra.Command {
	r := &remoteCommand{env: env, noGlob: true}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return r.with(cmd.Context(), args[0], func(ctx context.Context, c *ftpclient.Client, t target) error {
			return do(ctx, r, c, t.u, args[1:])
		})
	}
	r.add(cmd)
	return cmd
}

// with logs in on the server that arg names, and does something there.
func (r *remoteCommand) with(ctx context.Context, arg string, do func(ctx context.Context, c *ftpclient.Client, t target) error) error {
	t, err := parseTarget(arg, r.noGlob)
	if err != nil {
		return err
	}
	c, err := r.dial(ctx, r.env, t.u)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := do(ctx, c, t); err != nil {
		return err
	}
	leave(ctx, c)
	return nil
}

// done is the JSON of a change that the server has confirmed.
type done struct {
	Event string `json:"event"`
	URL   string `json:"url"` // without password
	To    string `json:"to,omitempty"`
	// DryRun says that nothing was changed.
	DryRun bool `json:"dry_run,omitempty"`
}

// changed tells programs of a change; people asked for it and hear only of errors.
func (r *remoteCommand) changed(event string, u ftp.URL, to string) error {
	if !r.json {
		return nil
	}
	return ui.WriteJSON(r.env.Stdout, done{Event: event, URL: u.String(), To: to})
}
