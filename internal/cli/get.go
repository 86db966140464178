package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

type getCommand struct {
	clientFlags
	env    *Env
	quiet  bool
	resume bool
}

func newGetCommand(env *Env) *cobra.Command {
	g := &getCommand{env: env}
	cmd := &cobra.Command{
		Use:   "get URL [LOCAL]",
		Short: "Download a file and prove that it is whole",
		Long: `Download the file at URL to LOCAL: a file, a folder, or "-" for standard
output. Without LOCAL it goes to the current folder under its own name.

The download lies in LOCAL.part until it is whole and verified. If it is
interrupted, --resume goes on from there.`,
		Example: `  sealane get ftpes://anna@files.example/report.pdf
  sealane get --pin sha256/… ftps://anna@files.example/backup.tar - | tar -x`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error { return g.run(cmd.Context(), args) },
	}
	g.add(cmd)
	g.addCheck(cmd)
	cmd.Flags().BoolVar(&g.quiet, "quiet", false, "print nothing but errors")
	cmd.Flags().BoolVar(&g.resume, "resume", false, "go on from LOCAL.part, if it is there")
	return cmd
}

func (g *getCommand) run(ctx context.Context, args []string) error {
	u, err := parseURL(args[0])
	if err != nil {
		return err
	}
	local := ""
	if len(args) > 1 {
		local = args[1]
	}
	if local, err = localName(u, local); err != nil {
		return err
	}
	switch {
	case g.quiet && g.json:
		return usagef("--quiet and --json cannot be given together")
	case local == "-" && g.resume:
		return usagef("--resume needs a file: standard output cannot be resumed")
	case local == "-" && g.json:
		return usagef("--json writes to standard output, where the file goes: name a file")
	}
	c, err := g.dial(ctx, g.env, u)
	if err != nil {
		return err
	}
	defer c.Close()
	if local == "-" {
		err = g.toStdout(ctx, c, u)
	} else {
		err = g.toFile(ctx, c, u, local)
	}
	if err == nil {
		leave(ctx, c)
	}
	return err
}

// localName finds where the download goes.
func localName(u ftp.URL, local string) (string, error) {
	if strings.HasSuffix(u.Path, "/") {
		return "", withHint(usagef("the URL names a folder"), "sealane ls shows what is in it")
	}
	if local == "-" {
		return local, nil
	}
	if local != "" {
		info, err := os.Stat(local)
		folder := err == nil && info.IsDir()
		if !folder && !strings.HasSuffix(local, "/") {
			return local, nil
		}
		if !folder {
			return "", fmt.Errorf("there is no folder %s", local)
		}
	}
	base := path.Base(u.Path)
	// The name becomes a name here: it must stay in its folder, on Windows too.
	if !filepath.IsLocal(base) || base == "." || strings.ContainsAny(base, `/\`) {
		return "", withHint(usagef("%q cannot be a file name here", base), "give the name of the local file")
	}
	return filepath.Join(local, base), nil
}

func (g *getCommand) toStdout(ctx context.Context, c *ftpclient.Client, u ftp.URL) error {
	res, elapsed, err := g.retrieve(ctx, c, u, 0, g.env.Stdout)
	if err != nil {
		return err
	}
	if g.quiet {
		return nil
	}
	return newFinished("get", u, "-", 0, res, elapsed).print(g.env.Stderr, false)
}

func (g *getCommand) toFile(ctx context.Context, c *ftpclient.Client, u ftp.URL, local string) error {
	p, err := openPart(local, g.resume)
	if err != nil {
		return err
	}
	err = g.intoPart(ctx, c, u, local, p)
	if err != nil && p.keep() {
		err = withHint(err, "the part is kept in %s.part; run the command again with --resume to go on from there", local)
	}
	return err
}

func (g *getCommand) intoPart(ctx context.Context, c *ftpclient.Client, u ftp.URL, local string, p *part) error {
	if p.offset > 0 {
		size, err := c.Size(ctx, u.Path)
		if err != nil {
			return fmt.Errorf("cannot resume without the size of the server's file: %w", err)
		}
		if p.offset > size { // not a part of the file that is there now
			if err := p.restart(); err != nil {
				return err
			}
		}
	}
	// Before the transfer: if the file changes later, the older time does not
	// hide that.
	modTime, err := g.modTime(ctx, c, u)
	if err != nil {
		return err
	}
	res, elapsed, err := g.retrieve(ctx, c, u, p.offset, p.file)
	if err != nil {
		return err
	}
	if err := p.commit(modTime); err != nil {
		return err
	}
	if g.quiet {
		return nil
	}
	return newFinished("get", u, local, p.offset, res, elapsed).print(g.env.Stdout, g.json)
}

// modTime is zero if the server does not tell it.
func (g *getCommand) modTime(ctx context.Context, c *ftpclient.Client, u ftp.URL) (time.Time, error) {
	if !c.HasFeature("MDTM") {
		return time.Time{}, nil
	}
	t, err := c.ModTime(ctx, u.Path)
	if isRefused(err) || isProtocol(err) {
		return time.Time{}, nil
	}
	return t, err
}

func (g *getCommand) retrieve(ctx context.Context, c *ftpclient.Client, u ftp.URL, offset int64, w io.Writer) (ftpclient.Result, time.Duration, error) {
	var bar *ui.Progress
	if !g.quiet && !g.json && ui.IsTerminal(g.env.Stderr) {
		total := int64(-1)
		if c.HasFeature("SIZE") {
			if n, err := c.Size(ctx, u.Path); err == nil {
				total = n
			}
		}
		bar = ui.NewProgress(g.env.Stderr, path.Base(u.Path), total, offset)
	}
	start := time.Now()
	res, err := c.Retrieve(ctx, u.Path, offset, countingWriter{w, bar})
	bar.Clear()
	return res, time.Since(start), err
}

// countingWriter shows what passes.
type countingWriter struct {
	io.Writer
	bar *ui.Progress
}

func (w countingWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.bar.Add(n)
	return n, err
}
