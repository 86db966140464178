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
	env *Env
}

func newLsCommand(env *Env) *cobra.Command {
	l := &lsCommand{env: env}
	cmd := &cobra.Command{
		Use:   "ls URL",
		Short: "List a folder",
		Long: `List the folder at URL, sorted by name: kind, size in bytes, time (UTC), name.
What could drive a terminal is escaped in names; --json gives them as they
are. Nothing is printed unless the whole listing has arrived.`,
		Example: `  sealane ls ftpes://anna@files.example/in`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), args[0]) },
	}
	l.add(cmd)
	return cmd
}

func (l *lsCommand) run(ctx context.Context, target string) error {
	u, err := parseURL(target)
	if err != nil {
		return err
	}
	c, err := l.dial(ctx, l.env, u)
	if err != nil {
		return err
	}
	defer c.Close()
	entries, err := list(ctx, c, u)
	if err != nil {
		return err
	}
	leave(ctx, c)
	slices.SortFunc(entries, func(a, b vfs.Entry) int { return strings.Compare(a.Name, b.Name) })
	if l.json {
		return printEntriesJSON(l.env.Stdout, entries)
	}
	return printEntries(l.env.Stdout, entries)
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
