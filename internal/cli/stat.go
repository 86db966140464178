package cli

import (
	"context"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

func newStatCommand(env *Env) *cobra.Command {
	return newRemoteCommand(env, &cobra.Command{
		Use:     "stat URL",
		Short:   "Show one file or folder of a server",
		Long:    "Show kind, size in bytes, time (UTC) and name of the one file or folder at URL, in the form of \"sealane ls\".",
		Example: "  sealane stat --json ftpes://anna@files.example/in/orders.csv",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, r *remoteCommand, c *ftpclient.Client, u ftp.URL, _ []string) error {
		e, err := c.Stat(ctx, u.Path)
		if err != nil {
			return err
		}
		if e.Name == "" { // a server shows it by its path, or by none
			e.Name = path.Base(strings.TrimSuffix(u.Path, "/"))
		}
		if r.json {
			return printEntryJSON(r.env.Stdout, e)
		}
		return printEntry(r.env.Stdout, e, len(sizeText(e)))
	})
}
