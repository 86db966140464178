package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

type catCommand struct {
	clientFlags
	env    *Env
	noGlob bool
}

func newCatCommand(env *Env) *cobra.Command {
	c := &catCommand{env: env}
	c.quiet = true
	cmd := &cobra.Command{
		Use:   "cat URL...",
		Short: "Write files of a server to standard output",
		Long: `Write the file at URL to standard output, as "sealane get URL -" does, and nothing
else. What breaks off goes on where it stopped, if the server shows that it still is
the same file. What has been written stands when the file turns out not to be whole: the
exit code says so.

Several files are written one behind the other, those of a pattern (* ? and [a-z] in the
path; quote them for the shell) by their names. The first one that fails is the last.`,
		Example: `  sealane cat ftpes://anna@files.example/out/orders.csv | sort
  sealane cat 'ftpes://anna@files.example/log/2026-11-*.log' | grep error`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	c.add(cmd)
	c.addCheck(cmd)
	addNoGlob(cmd, &c.noGlob)
	if err := cmd.Flags().MarkHidden("json"); err != nil {
		panic(err) // the flag is there: add has made it
	}
	return cmd
}

func (c *catCommand) run(ctx context.Context, args []string) error {
	if c.json {
		return usagef("standard output is for the files: --json cannot be given")
	}
	var targets []target
	for _, arg := range args {
		t, err := parseTarget(arg, c.noGlob)
		if err != nil {
			return err
		}
		if t.pattern == nil {
			if err := oneFile(t.u, folderHint); err != nil {
				return err
			}
		}
		if targets = append(targets, t); !sameServer(targets[0].u, t.u) {
			return errServers
		}
	}
	pool, u, err := c.pool(ctx, c.env, targets[0].u, 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	found, err := find(ctx, pool, u, targets)
	if err != nil {
		return err
	}
	for _, m := range found {
		if m.entry.kind == vfs.KindDir {
			return usagef("%s is a folder", m.path)
		}
	}
	for _, m := range found {
		u.Path = m.path
		if _, err := pool.RetrieveTo(ctx, u, c.env.Stdout); err != nil {
			if len(found) > 1 {
				err = fmt.Errorf("%s: %w", m.path, err)
			}
			return err
		}
	}
	return nil
}

// find looks for what the targets mean, on the server of u.
func find(ctx context.Context, pool *ftpclient.Pool, u ftp.URL, targets []target) (found []match, err error) {
	conn, err := pool.Get(ctx, u)
	if err != nil {
		return nil, err
	}
	defer pool.Put(conn)
	for _, t := range targets {
		f, err := t.expandOn(ctx, conn)
		if err != nil {
			return nil, err
		}
		found = append(found, f...)
	}
	return found, nil
}
