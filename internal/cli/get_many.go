package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// many downloads what several URLs, patterns or folders mean.
func (g *getCommand) many(ctx context.Context, targets []target, local string) error {
	first := targets[0].u
	for _, t := range targets {
		if !sameServer(first, t.u) {
			return errServers
		}
	}
	if local != "" && !g.recursive { // which would make it
		if info, err := os.Stat(local); err != nil || !info.IsDir() {
			return withHint(usagef("there is no folder %s", local), "several files need a folder that is there")
		}
	}
	newReporter(g.env, "get", &g.clientFlags, true)
	pool, u, err := g.pool(ctx, g.env, first, g.parallel+1) // one for listings
	if err != nil {
		return err
	}
	defer pool.Close()
	run := &getRun{
		getCommand: g, manyRun: manyRun{mover: &mover{tells: g.report, conns: pool, goingOn: g.resume}, login: u},
		local: local, names: newClaims(runtime.GOOS),
	}
	defer run.close()
	if err := run.find(ctx, targets); err != nil {
		g.report.closeBoard()
		return err
	}
	return g.report.end(inParallel(ctx, g.parallel, run.jobs(ctx), g.report.found))
}

// errServers says that URLs cannot share connections.
var errServers = withHint(usagef("the URLs are of several servers or users"), "run the command once for each")

// sameServer reports whether two URLs can share connections.
func sameServer(a, b ftp.URL) bool {
	a.Path, b.Path = "", ""
	a.Host, b.Host = strings.ToLower(a.Host), strings.ToLower(b.Host)
	return a == b
}

// getRun is one run of a command that downloads several files.
type getRun struct {
	*getCommand
	manyRun
	local string
	names *claims
	found []match // files, and folders with --recursive
	alone bool    // one folder, which is to become local itself
}

// find expands the patterns, and finds out what is a folder.
func (r *getRun) find(ctx context.Context, targets []target) error {
	for _, t := range targets {
		u := r.at(t.u.Path)
		if t.pattern != nil {
			t.u = u
			found, err := t.expand(ctx, r.conns)
			if err != nil {
				return err
			}
			r.found = append(r.found, found...)
			continue
		}
		e := vfs.Entry{Name: path.Base(u.Path), Kind: vfs.KindFile, Size: -1}
		if r.recursive {
			var err error
			if e, err = r.stat(ctx, u); err != nil {
				return err
			}
		} else if err := oneFile(u, "--recursive downloads it with all that is in it"); err != nil {
			return err
		}
		r.found = append(r.found, match{u.Path, keptEntry(e)})
	}
	r.alone = len(targets) == 1 && targets[0].pattern == nil && !strings.HasSuffix(r.local, "/") && r.found[0].entry.kind == vfs.KindDir && r.local != ""
	return nil
}

// stat describes what u names, by a tree at its folder.
func (r *getRun) stat(ctx context.Context, u ftp.URL) (vfs.Entry, error) {
	p, err := vfs.Clean(u.Path)
	if err != nil {
		return vfs.Entry{}, usageError{err}
	}
	fsys, err := ftpfs.New(ctx, r.conns, r.at("/"), ftpfs.Options{})
	if err != nil {
		return vfs.Entry{}, err
	}
	defer fsys.Close()
	e, err := fsys.Stat(ctx, p)
	if refused := new(ftp.Error); isRefused(err) && errors.As(err, &refused) {
		err = refused // says it all
	}
	e.Name = path.Base(u.Path)
	return e, err
}

// jobs streams the downloads.
func (r *getRun) jobs(ctx context.Context) iter.Seq[job] {
	return func(yield func(job) bool) {
		for _, m := range r.found {
			if ctx.Err() != nil {
				return
			}
			switch {
			case m.entry.kind == vfs.KindDir && r.recursive:
				if !r.tree(ctx, m, yield) {
					return
				}
			case m.entry.kind == vfs.KindDir:
				r.report.skip(r.at(m.path), "", "it is a folder, and --recursive is not given", false)
			case m.entry.kind != vfs.KindFile:
				r.report.skip(r.at(m.path), "", "it is neither file nor folder", false)
			default:
				do, err := r.file(m)
				if err != nil {
					r.report.failing(r.at(m.path).String(), err)
					continue
				}
				r.report.expect(m.entry.size)
				if !yield(do) {
					return
				}
			}
		}
	}
}

// file makes the job of one file, which goes into the folder local.
func (r *getRun) file(m match) (job, error) {
	dir := r.local
	if dir == "" {
		dir = "."
	}
	name := path.Base(m.path)
	if err := safeHere(name); err != nil {
		return nil, err
	}
	if err := r.names.claim(name); err != nil {
		return nil, err
	}
	root, err := r.open(dir)
	if err != nil {
		return nil, err
	}
	return r.job(root, r.at(m.path), name, filepath.Join(dir, name), m.entry.size, false), nil
}

// open opens the folder that confines downloads. Those of files share one.
func (r *getRun) open(dir string) (*os.Root, error) {
	for _, root := range r.roots {
		if root.Name() == dir {
			return root, nil
		}
	}
	if r.recursive {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, withHint(fmt.Errorf("cannot use the folder %s: %w", dir, err), "several files need a folder that is there")
	}
	r.roots = append(r.roots, root)
	return root, nil
}

// job downloads one file to name below root. fresh says that nothing may be there.
func (r *getRun) job(root *os.Root, u ftp.URL, name, local string, size int64, fresh bool) job {
	return func(ctx context.Context) error {
		return r.download(ctx, u, local, size, func() (*part, error) {
			p, err := openPartIn(root, name, r.goingOn)
			if p != nil {
				p.fresh = fresh
			}
			return p, err
		})
	}
}

// tree streams the downloads of a folder.
func (r *getRun) tree(ctx context.Context, m match, yield func(job) bool) bool {
	dir, u := r.local, r.at(m.path)
	if !r.alone {
		name := path.Base(m.path)
		err := safeHere(name)
		if err == nil {
			err = r.names.claim(name)
		}
		if err != nil {
			r.report.failing(u.String(), withHint(err, "name the local folder"))
			return true
		}
		dir = filepath.Join(dir, name)
	}
	t, err := r.openTree(ctx, u, dir)
	if err != nil {
		r.report.failing(u.String(), err)
		return !endsAll(err)
	}
	defer t.close()
	return t.jobs(ctx, r.report, t.options(), t.step, yield)
}

// getTree is a folder that is downloaded.
type getTree struct {
	*trees
	run    *getRun
	u      ftp.URL
	dir    string
	root   *os.Root
	clock  ftpfs.Clock // of the server
	within vfs.Path    // the folder that names belongs to
	names  *claims
}

func (r *getRun) openTree(ctx context.Context, u ftp.URL, dir string) (*getTree, error) {
	t := &getTree{run: r, u: u, dir: dir, names: newClaims(runtime.GOOS)}
	remote := func() (vfs.FS, error) { return r.server(ctx, u, &t.clock) }
	local := func() (_ vfs.FS, err error) {
		if t.root, err = r.open(dir); err != nil {
			return nil, err
		}
		return osfs.Open(dir)
	}
	var err error
	t.trees, err = openTrees(remote, local, false)
	return t, err
}

// options has names refused that would lead out, or mean something else here.
func (t *getTree) options() mirror.Options {
	return fitTimes(mirror.Options{
		Check:     safeHere,
		FoldCase:  runtime.GOOS == "windows" || runtime.GOOS == "darwin",
		ExactForm: runtime.GOOS != "darwin",
	}, t.clock, false)
}

// step does what is not a download at once, and gives the job of one that is.
func (t *getTree) step(ctx context.Context, s mirror.Step, err error) job {
	u := t.u
	u.Path = strings.TrimRight(t.u.Path, "/") + s.Path.String()
	local := filepath.Join(t.dir, filepath.FromSlash(s.ToPath.Rel()))
	switch {
	case err != nil:
		t.run.report.failing(u.String(), err)
	case s.Action == mirror.Mkdir:
		if err := t.root.Mkdir(s.ToPath.Rel(), 0o777); err != nil && !errors.Is(err, os.ErrExist) {
			t.run.report.failing(u.String(), err)
		}
	case s.Action == mirror.Skip:
		t.run.report.skip(u, local, s.Reason, s.Equal())
	case s.Action == mirror.Copy, s.Action == mirror.Update:
		if s.ToPath.Dir() != t.within {
			// A directory's files come together.
			t.within, t.names = s.ToPath.Dir(), newClaims(runtime.GOOS)
		}
		if err := t.names.claim(s.ToPath.Base()); err != nil {
			t.run.report.failing(u.String(), err)
			return nil
		}
		return t.run.job(t.root, u, s.ToPath.Rel(), local, s.From.Size, s.Action == mirror.Copy)
	default:
		t.run.report.failing(u.String(), fmt.Errorf("not moved: %s", s.Reason))
	}
	return nil
}
