package cli

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/ftp"
)

type getCommand struct {
	clientFlags
	env       *Env
	resume    bool
	recursive bool
	noGlob    bool
	parallel  int
}

func newGetCommand(env *Env) *cobra.Command {
	g := &getCommand{env: env}
	cmd := &cobra.Command{
		Use:   "get URL... [LOCAL]",
		Short: "Download files and prove that they are whole",
		Long: `Download the file at URL to LOCAL: a file, a folder, or "-" for standard
output. Without LOCAL it goes to the current folder under its own name.

* ? and [a-z] in the path of a URL stand for the names that match, also in the middle
of the path; quote them for the shell. %2A, %3F and %5B are the characters themselves.
Then, and with several URLs, LOCAL is a folder. Two files never get one name: the second
one fails.

With --recursive a URL names a folder. What is in it goes into LOCAL; if LOCAL ends with
"/", or there are several, into the folder of the same name in it. What is there already
with the same size and time is not moved again. Links are neither followed nor made, and
names that lead out of the folder are refused.

A download lies in LOCAL.part until it is whole and verified. If it is interrupted,
--resume goes on from there. Of several files each is tried, those that failed are
listed at the end, and the exit code is then 3.`,
		Example: `  sealane get ftpes://anna@files.example/report.pdf
  sealane get 'ftpes://anna@files.example/out/2026-*/*.csv' orders
  sealane get -r ftpes://anna@files.example/photos ~/photos
  sealane get --pin sha256/… ftps://anna@files.example/backup.tar - | tar -x`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return g.run(cmd.Context(), args) },
	}
	g.add(cmd)
	g.addCheck(cmd)
	g.addQuiet(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&g.resume, "resume", false, "go on from LOCAL.part, if it is there")
	flags.BoolVarP(&g.recursive, "recursive", "r", false, "download folders with all that is in them")
	addNoGlob(cmd, &g.noGlob)
	flags.IntVar(&g.parallel, "parallel", 4, "move `N` files at the same time")
	return cmd
}

func (g *getCommand) run(ctx context.Context, args []string) error {
	targets, local, err := g.arguments(args)
	if err != nil {
		return err
	}
	if g.recursive || len(targets) > 1 || targets[0].pattern != nil {
		return g.many(ctx, targets, local)
	}
	u := targets[0].u
	if local, err = localName(u, local); err != nil {
		return err
	}
	if local == "-" {
		return g.toStdout(ctx, u)
	}
	newReporter(g.env, "get", &g.clientFlags, false)
	pool, u, err := g.pool(ctx, g.env, u, 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	m := &mover{tells: g.report, conns: pool, goingOn: g.resume}
	size := g.sizeIfShown(ctx, m, u)
	err = m.download(ctx, u, local, size, func() (*part, error) { return openPart(local, g.resume) })
	g.report.closeBoard()
	return err
}

// arguments reads the URLs, and what stands behind them.
func (g *getCommand) arguments(args []string) (targets []target, local string, err error) {
	if last := args[len(args)-1]; len(args) > 1 && !strings.Contains(last, "://") {
		if args, local = args[:len(args)-1], last; local == "" {
			return nil, "", usagef("the local name is empty")
		}
	}
	for _, arg := range args {
		t, err := parseTarget(arg, g.noGlob)
		if err != nil {
			return nil, "", err
		}
		targets = append(targets, t)
	}
	switch {
	case g.quiet && g.json:
		return nil, "", usagef("--quiet and --json cannot be given together")
	case local == "-" && (g.recursive || len(targets) > 1 || targets[0].pattern != nil):
		return nil, "", usagef("only one file can go to standard output")
	case local == "-" && g.resume:
		return nil, "", usagef("--resume needs a file: standard output cannot be resumed")
	case local == "-" && g.json:
		return nil, "", usagef("--json writes to standard output, where the file goes: name a file")
	case g.parallel < 1 || g.parallel > maxParallel:
		return nil, "", usagef("--parallel must be 1 to %d", maxParallel)
	}
	return targets, local, nil
}

// sizeIfShown asks for the size where somebody will see it before the end.
func (g *getCommand) sizeIfShown(ctx context.Context, m *mover, u ftp.URL) int64 {
	if !g.json && !g.report.shows() {
		return -1
	}
	c, err := m.conns.Get(ctx, u)
	if err != nil {
		return -1 // the download tells
	}
	defer m.conns.Put(c)
	if !c.HasFeature("SIZE") {
		return -1
	}
	size, err := c.Size(ctx, u.Path)
	if err != nil {
		return -1
	}
	return size
}

// localName finds where the download goes.
func localName(u ftp.URL, local string) (string, error) {
	if err := oneFile(u, folderHint); err != nil {
		return "", err
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
	if err := safeHere(base); err != nil || !filepath.IsLocal(base) {
		return "", withHint(usagef("%q cannot be a file name here", base), "give the name of the local file")
	}
	return filepath.Join(local, base), nil
}

func (g *getCommand) toStdout(ctx context.Context, u ftp.URL) error {
	r := newReporter(g.env, "get", &g.clientFlags, false)
	pool, u, err := g.pool(ctx, g.env, u, 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	w := r.begin(u, "-", g.sizeIfShown(ctx, &mover{conns: pool}, u), 0)
	at := int64(0)
	res, err := pool.RetrieveTo(ctx, u, writerFunc(func(p []byte) (int, error) {
		n, err := g.env.Stdout.Write(p)
		at += int64(n)
		w.at(at)
		return n, err
	}))
	r.closeBoard()
	if err != nil {
		return err
	}
	if g.quiet {
		return nil
	}
	return newFinished("get", u, "-", 0, res, w.elapsed()).print(g.env.Stderr, false)
}

// writerFunc is a function as an io.Writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
