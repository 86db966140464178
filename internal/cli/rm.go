package cli

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

type rmCommand struct {
	remoteCommand
	recursive, force, dryRun bool
}

func newRmCommand(env *Env) *cobra.Command {
	r := &rmCommand{remoteCommand: remoteCommand{env: env}}
	cmd := &cobra.Command{
		Use:   "rm URL",
		Short: "Delete files on a server",
		Long: `Delete the file at URL. A folder is only deleted with --recursive, and then with all
that is in it; nobody is asked. Links in it are deleted, and not what they lead to. What
cannot be deleted is told, and the rest goes on: the exit code is then 3.

* ? and [a-z] in the path stand for the names that match; quote them for the shell.
Nothing is deleted before all folders that the pattern leads to are listed to their end,
and each name that goes is printed. --dry-run prints them and deletes nothing.`,
		Example: `  sealane rm ftpes://anna@files.example/in/old.csv
  sealane rm --dry-run 'ftpes://anna@files.example/in/*.tmp'
  sealane rm -r ftpes://anna@files.example/in/2025`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return r.with(cmd.Context(), args[0], r.run) },
	}
	r.add(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&r.recursive, "recursive", "r", false, "delete a folder with all that is in it")
	flags.BoolVar(&r.force, "force", false, "with --recursive: delete also all that is in /")
	flags.BoolVarP(&r.dryRun, "dry-run", "n", false, "print what would be deleted, and delete nothing")
	addNoGlob(cmd, &r.noGlob)
	return cmd
}

func (r *rmCommand) run(ctx context.Context, c *ftpclient.Client, t target) error {
	u := t.u
	u.Path = path.Clean(u.Path)
	everything := t.all() || t.pattern == nil && u.Path == "/"
	m := &remover{rmCommand: r, walker: walker{c: c, onError: told(r.env)}, u: u, names: t.pattern != nil || r.dryRun}
	switch {
	case r.recursive && everything && !r.force:
		return withHint(usagef("that is all that the server has"), "--force deletes it nevertheless")
	case t.pattern != nil:
		return m.matching(ctx, t)
	case r.recursive:
		return m.one(ctx)
	}
	if err := oneFile(t.u, "sealane rmdir removes an empty one, and --recursive one with all that is in it"); err != nil {
		return err
	}
	if r.dryRun {
		e, err := c.Stat(ctx, t.u.Path)
		if err == nil && e.IsDir() && !e.Link {
			err = errFolder
		}
		if err != nil {
			return err
		}
	} else if err := c.Remove(ctx, t.u.Path); err != nil {
		return err
	}
	return m.tell("rm", t.u)
}

// errFolder says that a folder is not deleted as a file is.
var errFolder = usageError{errors.New("it is a folder; --recursive deletes it with all that is in it")}

// remover deletes several things.
type remover struct {
	*rmCommand
	walker
	u     ftp.URL
	names bool // people are told each name
	done  int
}

// matching deletes what a pattern means.
func (m *remover) matching(ctx context.Context, t target) error {
	found, err := t.expandOn(ctx, m.c)
	if err != nil {
		return err
	}
	for _, f := range found {
		switch {
		case m.over(ctx):
			return m.result(ctx, m.done)
		case !f.entry.isFolder():
			m.removed(ctx, "rm", f.path, m.c.Remove)
		case !m.recursive:
			m.fail(f.path, errFolder)
		default:
			m.folder(ctx, f.path)
		}
	}
	return m.result(ctx, m.done)
}

// one deletes what the URL names.
func (m *remover) one(ctx context.Context) error {
	e, err := m.c.Stat(ctx, m.u.Path)
	switch {
	case err != nil:
		return err
	case e.IsDir() && !e.Link:
		m.folder(ctx, m.u.Path)
	default:
		m.removed(ctx, "rm", m.u.Path, m.c.Remove)
	}
	return m.result(ctx, m.done)
}

// folder deletes a folder with what is in it; of the root only the latter.
func (m *remover) folder(ctx context.Context, dir string) {
	if dir != "/" && m.link(ctx, dir) {
		return
	}
	if m.empty(ctx, dir) && dir != "/" {
		m.removed(ctx, "rmdir", dir, m.c.Rmdir)
	}
}

// link deletes name if it is a link to a folder, and reports whether it was one. Many
// servers show such a link as the folder itself, and what is behind it, perhaps the folder
// above, is not to go. DELE takes a link, and refuses a folder.
func (m *remover) link(ctx context.Context, name string) bool {
	if m.dryRun {
		return false
	}
	return m.c.Remove(ctx, name) == nil && m.removed(ctx, "rm", name, func(context.Context, string) error { return nil })
}

// empty deletes what is in a folder, and reports whether nothing is left.
func (m *remover) empty(ctx context.Context, dir string) bool {
	entries, err := m.list(ctx, dir)
	if err != nil {
		m.fail(dir, err)
		return false
	}
	defer m.held.release(entries)
	all := true
	for _, e := range entries {
		if m.over(ctx) {
			return false
		}
		name := path.Join(dir, e.name)
		if !e.isFolder() {
			all = m.removed(ctx, "rm", name, m.c.Remove) && all
			continue
		}
		if m.link(ctx, name) {
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
	if !m.dryRun {
		if err := remove(ctx, name); err != nil {
			m.fail(name, err)
			return false
		}
	}
	m.done++
	u := m.u
	u.Path = name
	return m.tell(event, u) == nil
}

// tell says what went, or would go.
func (m *remover) tell(event string, u ftp.URL) error {
	if m.json {
		return ui.WriteJSON(m.env.Stdout, done{Event: event, URL: u.String(), DryRun: m.dryRun})
	}
	if !m.names {
		return nil
	}
	what := "deleted"
	if m.dryRun {
		what = "would delete"
	}
	_, err := fmt.Fprintf(m.env.Stdout, "%s %s\n", what, ui.Safe(u.Path))
	return err
}
