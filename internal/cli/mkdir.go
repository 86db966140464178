package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

func newMkdirCommand(env *Env) *cobra.Command {
	var parents bool
	cmd := newRemoteCommand(env, &cobra.Command{
		Use:     "mkdir URL",
		Short:   "Make a folder on a server",
		Long:    "Make the folder at URL; with --parents also those above it, and it may be there already.",
		Example: "  sealane mkdir --parents ftpes://anna@files.example/in/2026/11",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, r *remoteCommand, c *ftpclient.Client, u ftp.URL, _ []string) error {
		mkdir := c.Mkdir
		if parents {
			mkdir = c.MkdirAll
		}
		if err := mkdir(ctx, u.Path); err != nil {
			return err
		}
		return r.changed("mkdir", u, "")
	})
	cmd.Flags().BoolVarP(&parents, "parents", "p", false, "make the folders above it, too")
	return cmd
}
