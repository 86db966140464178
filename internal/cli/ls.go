package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
	"github.com/sealane/sealane/vfs"
)

// maxEntries bounds a listing that is held to be sorted.
const maxEntries = 1_000_000

type lsCommand struct {
	clientFlags
	env       *Env
	recursive bool
	noGlob    bool
}

func newLsCommand(env *Env) *cobra.Command {
	l := &lsCommand{env: env}
	cmd := &cobra.Command{
		Use:   "ls URL",
		Short: "List a folder",
		Long: `List the folder at URL, sorted by name: kind, size in bytes, time (UTC), name.
What could drive a terminal is escaped in names; --json gives them as they
are. Nothing is printed unless the whole listing has arrived.

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
	addNoGlob(cmd, &l.noGlob)
	return cmd
}

func (l *lsCommand) run(ctx context.Context, arg string) error {
	t, err := parseTarget(arg, l.noGlob)
	if err != nil {
		return err
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
	entries, err := list(ctx, c, u)
	if err != nil {
		return err
	}
	leave(ctx, c)
	slices.SortFunc(entries, func(a, b vfs.Entry) int { return strings.Compare(a.Name, b.Name) })
	return l.print(entries)
}

func (l *lsCommand) print(entries []vfs.Entry) error {
	if l.json {
		return printEntriesJSON(l.env.Stdout, entries)
	}
	return printEntries(l.env.Stdout, entries)
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
	shown := make([]vfs.Entry, len(found))
	for i, m := range found {
		shown[i] = m.entry
		shown[i].Name = strings.TrimPrefix(m.u.Path, from+"/")
	}
	if err := l.print(shown); err != nil || !l.recursive {
		return err
	}
	w := &walker{c: c, onError: told(l.env)}
	done := 0
	for i, m := range found {
		if !m.entry.IsDir() || m.entry.Link {
			done++
			continue
		}
		if err := l.below(ctx, w, from, shown[i].Name+"/", &done); err != nil {
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
	shown := slices.Clone(entries)
	for i := range shown {
		shown[i].Name = within + shown[i].Name
	}
	if err := l.print(shown); err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || e.Link {
			continue
		}
		back, err := w.into(e)
		if err != nil {
			w.fail(dir+e.Name, err)
			continue
		}
		err = l.below(ctx, w, from, within+e.Name+"/", done)
		back()
		if err != nil {
			return err
		}
	}
	return nil
}

// list reads the whole listing of a folder, or describes the one file that u
// names.
func list(ctx context.Context, c *ftpclient.Client, u ftp.URL) ([]vfs.Entry, error) {
	var entries []vfs.Entry
	for e, err := range c.List(ctx, u.Path) {
		if isRefused(err) && len(entries) == 0 && c.HasFeature("MLST") {
			if e, statErr := c.Stat(ctx, u.Path); statErr == nil && e.Kind == vfs.KindFile {
				return []vfs.Entry{e}, nil
			}
		}
		if err != nil {
			return nil, err
		}
		if len(entries) == maxEntries {
			return nil, fmt.Errorf("the folder has more than %s entries", ui.Count(maxEntries))
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func printEntries(w io.Writer, entries []vfs.Entry) error {
	width := 1
	for _, e := range entries {
		width = max(width, len(sizeText(e)))
	}
	var b strings.Builder
	for _, e := range entries {
		b.Reset()
		fmt.Fprintf(&b, "%-5s  %*s  %-20s  %s\n", kindText(e.Kind), width, sizeText(e), timeText(e.ModTime), ui.Safe(e.Name))
		if _, err := io.WriteString(w, b.String()); err != nil {
			return err
		}
	}
	return nil
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

func printEntriesJSON(w io.Writer, entries []vfs.Entry) error {
	for _, e := range entries {
		out := listed{Name: e.Name, NameRaw: rawName(e.Name), Kind: kindText(e.Kind)}
		if e.Kind == vfs.KindFile {
			out.Size = &e.Size
		}
		if !e.ModTime.IsZero() {
			out.Modified = &e.ModTime
		}
		if err := ui.WriteJSON(w, out); err != nil {
			return err
		}
	}
	return nil
}
