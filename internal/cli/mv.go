package cli

import (
	"context"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

func newMvCommand(env *Env) *cobra.Command {
	return newRemoteCommand(env, &cobra.Command{
		Use:   "mv URL NEWNAME",
		Short: "Rename a file or folder on a server",
		Long: `Rename what is at URL. NEWNAME is a name in the same folder, or a path from "/"; if it
ends with "/" it is a folder, and the name stays.
Whether a file that has the name already is replaced is for the server to say.`,
		Example: `  sealane mv ftpes://anna@files.example/in/a.csv b.csv
  sealane mv ftpes://anna@files.example/in/a.csv /done/`,
		Args: cobra.ExactArgs(2),
	}, func(ctx context.Context, r *remoteCommand, c *ftpclient.Client, u ftp.URL, args []string) error {
		to := args[0]
		if strings.HasSuffix(to, "/") {
			to += path.Base(u.Path)
		}
		switch {
		case to == "":
			return usagef("the new name is empty")
		case strings.Contains(to, "://"):
			return withHint(usagef("the new name is a URL"), "give the name, or the path from /, on the same server")
		case !strings.HasPrefix(to, "/"):
			to = path.Join(path.Dir(strings.TrimSuffix(u.Path, "/")), to)
		}
		if err := c.Rename(ctx, u.Path, to); err != nil {
			return err
		}
		return r.changed("mv", u, to)
	})
}
