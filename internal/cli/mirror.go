package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/listing"
	"github.com/sealane/sealane/internal/ui"
	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
)

type mirrorCommand struct {
	clientFlags
	env *Env

	opt       mirror.Options
	maxMemory string
	names     string
	tempNames bool
}

func newMirrorCommand(env *Env) *cobra.Command {
	m := &mirrorCommand{env: env}
	cmd := &cobra.Command{
		Use:   "mirror SOURCE DEST",
		Short: "Make a folder like another, here or on a server",
		Long: `Copy to the folder DEST what is new or changed in the folder SOURCE. Each is a
folder of this machine or a URL. A file counts as changed if its size or its
time differs (--by-hash: its content), and gets the time of the source's file.
Run again, the command moves nothing that is there already, and goes on with
what was interrupted.

Nothing is deleted without --delete, and with it only after everything else: if
all folders could be listed to their end, nothing failed, and what is to go is
no more than --max-delete and, beyond 20 files, half of those in DEST. Giving
--max-delete lifts the latter. An empty SOURCE deletes nothing.

Symbolic links and special files are neither followed nor made. A file never
takes the place of a folder, nor a folder that of a file, without --replace.

--include and --exclude take patterns of the path below the folder: "*.txt" is
a file at the top, "**/*.txt" one at any depth, "cache/**" a folder with all
that is in it. What they leave out is neither copied nor deleted.`,
		Example: `  sealane mirror --dry-run --delete photos ftpes://anna@files.example/photos
  sealane mirror --exclude '**/*.tmp' ftpes://anna@files.example/in in`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("max-delete") {
				m.opt.MaxDeleteShare = 1
			}
			return m.run(cmd.Context(), args[0], args[1])
		},
	}
	m.add(cmd)
	m.addQuiet(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&m.opt.DryRun, "dry-run", "n", false, "print what would be done, and do nothing")
	flags.BoolVar(&m.opt.Delete, "delete", false, "delete from DEST what SOURCE does not have")
	flags.IntVar(&m.opt.MaxDelete, "max-delete", mirror.DefaultMaxDelete, "delete nothing if it would be more than `N` files and folders")
	flags.BoolVar(&m.opt.Replace, "replace", false, "let a folder take the place of a file, and with --delete a file that of a folder")
	flags.StringArrayVar(&m.opt.Include, "include", nil, "take only files that match `PATTERN` (repeatable)")
	flags.StringArrayVar(&m.opt.Exclude, "exclude", nil, "leave out what matches `PATTERN`, folders with all that is in them (repeatable)")
	flags.BoolVar(&m.opt.ByHash, "by-hash", false, "compare contents by hash; by time where a server has none")
	flags.IntVar(&m.opt.Parallel, "parallel", 4, "move `N` files at a time")
	flags.StringVar(&m.names, "names", "", "how DEST tells names apart: `exact|forms|fold`; forms: not by their form of Unicode, fold: nor by case (default: as is usual here; forms for servers)")
	flags.BoolVar(&m.tempNames, "temp-names", false, "upload under temporary names, for servers that show files while they grow")
	flags.StringVar(&m.maxMemory, "max-memory", "32 MiB", "give up on folders whose listing takes more than `SIZE`")
	return cmd
}

func (m *mirrorCommand) run(ctx context.Context, from, to string) error {
	if err := m.check(); err != nil {
		return err
	}
	src, dst, err := m.sides(ctx, from, to)
	if err != nil {
		return err
	}
	defer src.close()
	defer dst.close()
	m.adapt(src, dst)
	p := newMirrorPrinter(m.env, &m.clientFlags, m.opt.DryRun)
	m.opt.Progress, m.opt.Begin, m.opt.Moved = p.step, p.begin, p.moved
	start := time.Now()
	rep, err := mirror.Apply(ctx, src.fs, dst.fs, mirror.Plan(ctx, src.fs, dst.fs, m.opt), m.opt)
	if perr := p.end(src.name, dst.name, rep, time.Since(start)); perr != nil {
		return perr
	}
	return mirrorVerdict(rep, err)
}

// mirrorVerdict gives the error of the command. All that failed was told already.
func mirrorVerdict(rep mirror.Report, err error) error {
	const goOn = "run the same command again: it goes on from where this one ended"
	switch {
	case errors.Is(err, context.Canceled):
		return withHint(err, goOn)
	case err != nil && len(rep.Errors) == 0:
		return err
	case rep.Failed == 0 && rep.Conflicts == 0:
		return nil
	case errors.Is(err, mirror.ErrEmptySource):
		return withHint(mirror.ErrEmptySource, "check SOURCE; sealane rm, or a folder with one file in it, deletes the rest")
	}
	said := err
	if len(rep.Errors) > 0 {
		said = rep.Errors[0] // they were all told
	}
	switch {
	case errors.Is(err, mirror.ErrTooMany):
		said = withHint(fmt.Errorf("%w: %w", errPartly, mirror.ErrTooMany), "look at what would go with --dry-run; --max-delete N allows it")
	case rep.Failed == 0:
		said = withHint(fmt.Errorf("%w: %s of another kind in DEST", errPartly, countNames(rep.Conflicts)), "--replace lets files and folders take each other's place")
	case rep.Changed() || rep.Equal > 0:
		said = withHint(fmt.Errorf("%w: %s failed, %s done", errPartly, countNames(rep.Failed), countNames(rep.Equal+rep.Copied+rep.Updated+rep.Made+rep.Replaced)), goOn)
	}
	return said
}

func countNames(n int) string {
	if n == 1 {
		return "1 file or folder"
	}
	return ui.Count(int64(n)) + " files and folders"
}

// check finds mistakes in the flags.
func (m *mirrorCommand) check() error {
	var err error
	switch {
	case m.quiet && m.json:
		return usagef("--quiet and --json cannot be given together")
	case m.opt.Parallel < 1 || m.opt.Parallel > maxParallel:
		return usagef("--parallel must be 1 to %d", maxParallel)
	case m.opt.MaxDelete < 1:
		return withHint(usagef("--max-delete must be more than 0"), "without --delete nothing is deleted")
	case m.limitRate != "":
		if _, err = parseRate(m.limitRate); err != nil {
			return err
		}
	}
	if m.opt.MaxMemory, err = config.ParseBytes(m.maxMemory); err != nil {
		return withHint(usagef("--max-memory %q is no size", m.maxMemory), `write "64 MiB" or the like`)
	}
	m.moreMemory = max(0, m.opt.MaxMemory-mirror.DefaultMaxMemory)
	switch m.names {
	case "", "exact", "forms", "fold":
	default:
		return usagef("--names must be exact, forms or fold")
	}
	if err := m.opt.Valid(); err != nil {
		return withHint(usageError{err}, `write "**/*.txt", "cache/**" or the like, in quotes`)
	}
	return nil
}

// adapt has the comparison fit both sides.
func (m *mirrorCommand) adapt(src, dst *mirrorSide) {
	o := &m.opt
	o.FromSkew, o.ToSkew = src.clock.Skew, dst.clock.Skew
	o.ZoneUnknown = !src.clock.Known || !dst.clock.Known
	// Coarser listings are to the minute, and to the day for old files: mirror knows.
	o.Precision = min(max(src.clock.Precision, dst.clock.Precision), time.Minute)
	if src.remote || dst.remote {
		o.Retry = m.retry(m.env).Do
	} else if m.limitRate != "" {
		o.BytesPerSecond, _ = parseRate(m.limitRate) // see check; connections have it in them
	}
	o.Modes = !src.remote && !dst.remote
	names := m.names
	switch {
	case names != "":
	case dst.remote:
		names = "forms"
	case runtime.GOOS == "darwin":
		names = "fold"
	case runtime.GOOS == "windows":
		o.FoldCase, o.ExactForm = true, true
	default:
		names = "exact"
	}
	switch names {
	case "exact":
		o.ExactForm = true
	case "fold":
		o.FoldCase = true
	}
	if src.remote && !dst.remote {
		o.Check = localCheck()
	}
}

// localCheck refuses names of a server that must not become names here.
func localCheck() func(string) error {
	rules := listing.AnySystem
	if runtime.GOOS == "windows" {
		rules = listing.Windows
	}
	return func(name string) error { return listing.Safe(name, rules) }
}

func notFolder(name string) error {
	return withHint(usagef("%s is not a folder", ui.Safe(name)), "sealane get and put move single files")
}

// exists reports whether the folder is there.
func (s *mirrorSide) exists(ctx context.Context) (bool, error) {
	e, err := s.fs.Stat(ctx, vfs.Path{})
	switch {
	case errors.Is(err, vfs.ErrNotExist):
		return false, nil
	case err == nil && !e.IsDir():
		return false, notFolder(s.name)
	}
	return err == nil, err
}
