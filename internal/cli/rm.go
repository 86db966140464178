package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

func newRmCommand(env *Env) *cobra.Command {
	return newRemoteCommand(env, &cobra.Command{
		Use:     "rm URL",
		Short:   "Delete a file on a server",
		Long:    "Delete the file at URL. A folder is never deleted: that is \"sealane rmdir\".",
		Example: "  sealane rm ftpes://anna@files.example/in/old.csv",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, r *remoteCommand, c *ftpclient.Client, u ftp.URL, _ []string) error {
		if strings.HasSuffix(u.Path, "/") {
			return withHint(usagef("the URL names a folder"), "sealane rmdir removes an empty one")
		}
		if err := c.Remove(ctx, u.Path); err != nil {
			return err
		}
		return r.changed("rm", u, "")
	})
}
