package cli

import (
	"context"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

func newRmCommand(env *Env) *cobra.Command {
	var recursive, force bool
	cmd := newRemoteCommand(env, &cobra.Command{
		Use:   "rm URL",
		Short: "Delete a file on a server",
		Long: `Delete the file at URL. A folder is only deleted with --recursive, and then with all
that is in it; nobody is asked. Links in it are deleted, and not what they lead to. What
cannot be deleted is told, and the rest goes on: the exit code is then 3.`,
		Example: `  sealane rm ftpes://anna@files.example/in/old.csv
  sealane rm -r ftpes://anna@files.example/in/2025`,
		Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, r *remoteCommand, c *ftpclient.Client, u ftp.URL, _ []string) error {
		switch {
		case recursive:
			return r.removeAll(ctx, c, u, force)
		case strings.HasSuffix(u.Path, "/"):
			return withHint(usagef("the URL names a folder"), "sealane rmdir removes an empty one, and --recursive one with all that is in it")
		}
		if err := c.Remove(ctx, u.Path); err != nil {
			return err
		}
		return r.changed("rm", u, "")
	})
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "delete a folder with all that is in it")
	cmd.Flags().BoolVar(&force, "force", false, "with --recursive: delete also all that is in /")
	return cmd
}

// remover deletes folders with what is in them.
type remover struct {
	*remoteCommand
	walker
	u    ftp.URL
	done int
}

// removeAll deletes what u names.
func (r *remoteCommand) removeAll(ctx context.Context, c *ftpclient.Client, u ftp.URL, force bool) error {
	u.Path = path.Clean(u.Path)
	if u.Path == "/" && !force {
		return withHint(usagef("that is all that the server has"), "--force deletes it nevertheless")
	}
	m := &remover{remoteCommand: r, walker: walker{c: c, onError: told(r.env)}, u: u}
	e, err := c.Stat(ctx, u.Path)
	switch {
	case err != nil:
		return err
	case e.IsDir() && !e.Link:
		if m.empty(ctx, u.Path) && u.Path != "/" {
			m.removed(ctx, "rmdir", u.Path, c.Rmdir)
		}
	default:
		m.removed(ctx, "rm", u.Path, c.Remove)
	}
	return m.result(ctx, m.done)
}

// empty deletes what is in a folder, and reports whether nothing is left.
func (m *remover) empty(ctx context.Context, dir string) bool {
	entries, err := m.list(ctx, dir)
	if err != nil {
		m.fail(dir, err)
		return false
	}
	all := true
	for _, e := range entries {
		if m.over(ctx) {
			return false
		}
		name := path.Join(dir, e.Name)
		if !e.IsDir() || e.Link {
			all = m.removed(ctx, "rm", name, m.c.Remove) && all
			continue
		}
		back, err := m.into(e)
		if err != nil {
			m.fail(name, err)
			all = false
			continue
		}
		whole := m.empty(ctx, name)
		back()
		all = whole && m.removed(ctx, "rmdir", name, m.c.Rmdir) && all
	}
	return all
}

// removed deletes one thing, and tells of it.
func (m *remover) removed(ctx context.Context, event, name string, remove func(context.Context, string) error) bool {
	if err := remove(ctx, name); err != nil {
		m.fail(name, err)
		return false
	}
	m.done++
	u := m.u
	u.Path = name
	return m.changed(event, u, "") == nil
}
