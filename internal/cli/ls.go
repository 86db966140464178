package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
	"github.com/sealane/sealane/vfs"
)

type lsCommand struct {
	clientFlags
	env       *Env
	recursive bool
	unsorted  bool
	noGlob    bool
}

func newLsCommand(env *Env) *cobra.Command {
	l := &lsCommand{env: env}
	cmd := &cobra.Command{
		Use:   "ls URL",
		Short: "List a folder",
		Long: `List the folder at URL, sorted by name: kind, size in bytes, time (UTC), name.
What could drive a terminal is escaped in names; --json gives them as they
are. Nothing is printed unless the whole listing has arrived. To sort it takes at most
32 MiB, which is enough for some 300,000 names; with --unsorted entries are printed as they
come, up to 10 million of them.

* ? and [a-z] in the path stand for the names that match; quote them for the shell. Then
what matches is listed, with its path from the pattern on, and of a folder itself.

With --recursive each folder is listed when its listing is whole, and what is in the
folders that it has comes behind it, with the path from URL on. A folder that cannot be
listed is told, and the rest goes on: the exit code is then 3. Links are not followed.`,
		Example: `  sealane ls ftpes://anna@files.example/in
  sealane ls 'ftpes://anna@files.example/in/2026-*/*.csv'
  sealane ls -R --json ftpes://anna@files.example/`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), args[0]) },
	}
	l.add(cmd)
	cmd.Flags().BoolVarP(&l.recursive, "recursive", "R", false, "list the folders in it, too")
	cmd.Flags().BoolVarP(&l.unsorted, "unsorted", "U", false, "print the entries of one folder as they come, however many there are")
	addNoGlob(cmd, &l.noGlob)
	return cmd
}

func (l *lsCommand) run(ctx context.Context, arg string) error {
	t, err := parseTarget(arg, l.noGlob)
	if err != nil {
		return err
	}
	if l.unsorted && (l.recursive || t.pattern != nil) {
		return usagef("--unsorted is for one folder, without --recursive and patterns")
	}
	u := t.u
	c, err := l.dial(ctx, l.env, u)
	if err != nil {
		return err
	}
	defer c.Close()
	if t.pattern != nil {
		if err := l.matching(ctx, c, t); err != nil {
			return err
		}
		leave(ctx, c)
		return nil
	}
	if l.recursive {
		if err := l.all(ctx, c, u); err != nil {
			return err
		}
		leave(ctx, c)
		return nil
	}
	if l.unsorted {
		err = each(ctx, c, u, l.printOne)
	} else {
		var entries []*entry
		if entries, err = list(ctx, c, u); err == nil {
			leave(ctx, c)
			return l.print("", entries)
		}
		if errors.Is(err, errHeld) {
			err = withHint(err, "--unsorted prints the entries as they come")
		}
	}
	if err == nil {
		leave(ctx, c)
	}
	return err
}

// printOne prints an entry of which nobody knows what follows it.
func (l *lsCommand) printOne(e vfs.Entry) error {
	if l.json {
		return printEntryJSON(l.env.Stdout, e)
	}
	const width = 15 // up to 99 GB
	return printEntry(l.env.Stdout, e, width)
}

// print prints entries; within is what comes before their names.
func (l *lsCommand) print(within string, entries []*entry) error {
	width := 1
	for _, e := range entries {
		width = max(width, len(sizeText(e.full())))
	}
	for _, kept := range entries {
		e := kept.full()
		e.Name = within + e.Name
		var err error
		if l.json {
			err = printEntryJSON(l.env.Stdout, e)
		} else {
			err = printEntry(l.env.Stdout, e, width)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// all lists a folder and those below it.
func (l *lsCommand) all(ctx context.Context, c *ftpclient.Client, u ftp.URL) error {
	w := &walker{c: c, onError: told(l.env)}
	done := 0
	if err := l.below(ctx, w, strings.TrimRight(u.Path, "/"), "", &done); err != nil {
		return err
	}
	return w.result(ctx, done)
}

// matching lists what a pattern means.
func (l *lsCommand) matching(ctx context.Context, c *ftpclient.Client, t target) error {
	found, err := t.expandOn(ctx, c)
	if err != nil {
		return err
	}
	from := strings.TrimRight(t.u.Path, "/")
	shown := make([]*entry, len(found))
	for i, m := range found {
		m.entry.name = strings.TrimPrefix(m.path, from+"/")
		shown[i] = m.entry
	}
	if err := l.print("", shown); err != nil || !l.recursive {
		return err
	}
	w := &walker{c: c, onError: told(l.env)}
	done := 0
	for _, e := range shown {
		if !e.isFolder() {
			done++
			continue
		}
		if err := l.below(ctx, w, from, e.name+"/", &done); err != nil {
			return err
		}
	}
	return w.result(ctx, done)
}

// below lists the folder at from+within; within is what is printed before the names.
// The error is of the output.
func (l *lsCommand) below(ctx context.Context, w *walker, from, within string, done *int) error {
	if w.over(ctx) {
		return nil
	}
	dir := from + "/" + within
	entries, err := w.list(ctx, dir)
	if err != nil {
		w.fail(dir, err)
		return nil
	}
	*done++
	defer w.held.release(entries)
	if err := l.print(within, entries); err != nil {
		return err
	}
	for _, e := range entries {
		if !e.isFolder() {
			continue
		}
		back, err := w.into(e)
		if err != nil {
			w.fail(dir+e.name, err)
			continue
		}
		err = l.below(ctx, w, from, within+e.name+"/", done)
		back()
		if err != nil {
			return err
		}
	}
	return nil
}

// list reads the whole listing of a folder, by name, or describes the one file that u
// names.
func list(ctx context.Context, c *ftpclient.Client, u ftp.URL) ([]*entry, error) {
	var entries []*entry
	var held held
	err := each(ctx, c, u, func(e vfs.Entry) error {
		entries = append(entries, keptEntry(e))
		return held.take(entries[len(entries)-1].bytes())
	})
	if err != nil {
		return nil, err
	}
	sortEntries(entries)
	return entries, nil
}

// each calls do for each entry of a folder, or for the one file that u names, and ends
// with its first error.
func each(ctx context.Context, c *ftpclient.Client, u ftp.URL, do func(vfs.Entry) error) error {
	first := true
	for e, err := range c.List(ctx, u.Path) {
		if isRefused(err) && first && c.HasFeature("MLST") {
			if e, statErr := c.Stat(ctx, u.Path); statErr == nil && e.Kind == vfs.KindFile {
				return do(e)
			}
		}
		first = false
		if err == nil {
			err = do(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func printEntry(w io.Writer, e vfs.Entry, width int) error {
	_, err := fmt.Fprintf(w, "%-5s  %*s  %-20s  %s\n", kindText(e.Kind), width, sizeText(e), timeText(e.ModTime), ui.Safe(e.Name))
	return err
}

func kindText(k vfs.Kind) string {
	switch k {
	case vfs.KindFile:
		return "file"
	case vfs.KindDir:
		return "dir"
	}
	return "other"
}

func sizeText(e vfs.Entry) string {
	if e.Kind != vfs.KindFile {
		return "-"
	}
	return ui.Count(e.Size)
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// listed is the JSON of one entry.
type listed struct {
	Name     string     `json:"name"`
	NameRaw  []byte     `json:"name_base64,omitempty"` // only if name is not UTF-8
	Kind     string     `json:"kind"`
	Size     *int64     `json:"size,omitempty"` // files only
	Modified *time.Time `json:"modified,omitempty"`
}

func printEntryJSON(w io.Writer, e vfs.Entry) error {
	out := listed{Name: e.Name, NameRaw: rawName(e.Name), Kind: kindText(e.Kind)}
	if e.Kind == vfs.KindFile {
		out.Size = &e.Size
	}
	if !e.ModTime.IsZero() {
		out.Modified = &e.ModTime
	}
	return ui.WriteJSON(w, out)
}
