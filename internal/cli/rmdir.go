package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

func newRmdirCommand(env *Env) *cobra.Command {
	return newRemoteCommand(env, &cobra.Command{
		Use:     "rmdir URL",
		Short:   "Remove an empty folder on a server",
		Long:    "Remove the folder at URL, which must be empty.",
		Example: "  sealane rmdir ftpes://anna@files.example/in/old",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, r *remoteCommand, c *ftpclient.Client, u ftp.URL, _ []string) error {
		if err := c.Rmdir(ctx, u.Path); err != nil {
			return err
		}
		return r.changed("rmdir", u, "")
	})
}
