package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/osfs"
)

// many uploads several files, or folders.
func (p *putCommand) many(ctx context.Context, locals []string, u ftp.URL) error {
	r := &putRun{putCommand: p, names: newClaims("")}
	defer r.close()
	for _, local := range locals {
		if err := r.take(local, u, len(locals) > 1); err != nil {
			return err
		}
	}
	newReporter(p.env, "put", &p.clientFlags, true)
	pool, login, err := p.pool(ctx, p.env, u, p.parallel+1) // one for listings
	if err != nil {
		return err
	}
	defer pool.Close()
	r.mover, r.login = &mover{tells: p.report, conns: pool, goingOn: p.resume}, login
	return p.report.end(inParallel(ctx, p.parallel, r.jobs(ctx), p.report.found))
}

// putRun is one run of a command that uploads several files.
type putRun struct {
	*putCommand
	manyRun
	names *claims
	items []putItem
}

// putItem is an argument, and where it goes.
type putItem struct {
	local, remote string
	folder        bool
	err           error // why it cannot go
}

// take looks at an argument.
func (r *putRun) take(local string, u ftp.URL, several bool) error {
	if local == "-" {
		return usagef("standard input can only be uploaded alone")
	}
	info, err := os.Stat(local)
	if err != nil {
		return err
	}
	if info.IsDir() && !r.recursive {
		return withHint(usagef("%s is a folder", local), "--recursive uploads it with all that is in it")
	}
	item := putItem{local: local, remote: u.Path, folder: info.IsDir()}
	if several || strings.HasSuffix(u.Path, "/") {
		if item.remote, err = underName(u.Path, local); err != nil {
			return err
		}
	}
	item.err = r.names.claim(path.Base(item.remote))
	r.items = append(r.items, item)
	return nil
}

// jobs streams the uploads.
func (r *putRun) jobs(ctx context.Context) iter.Seq[job] {
	return func(yield func(job) bool) {
		for _, item := range r.items {
			if ctx.Err() != nil {
				return
			}
			switch {
			case item.err != nil:
				r.report.failing(item.local, item.err)
			case item.folder:
				if !r.tree(ctx, item, yield) {
					return
				}
			default:
				r.report.expect(-1)
				if !yield(r.job(r.at(item.remote), item.local, func() (*os.File, error) { return openRegular(item.local) })) {
					return
				}
			}
		}
	}
}

// job uploads one file.
func (r *putRun) job(u ftp.URL, name string, open func() (*os.File, error)) job {
	return func(ctx context.Context) error {
		if ctx.Err() != nil {
			r.report.failing(name, context.Cause(ctx))
			return nil
		}
		file, err := open()
		var src *source
		if err == nil {
			src, err = sourceOf(file, name)
		}
		if err != nil {
			r.report.failing(name, err)
			return err
		}
		defer src.close()
		return r.upload(ctx, u, src)
	}
}

// tree streams the uploads of a folder.
func (r *putRun) tree(ctx context.Context, item putItem, yield func(job) bool) bool {
	t, err := r.openTree(ctx, item)
	if err != nil {
		r.report.failing(item.local, err)
		return !endsAll(err)
	}
	defer t.close()
	return t.jobs(ctx, r.report, fitTimes(mirror.Options{ExactForm: true}, t.clock, true), t.step, yield)
}

// putTree is a folder that is uploaded.
type putTree struct {
	*trees
	run     *putRun
	item    putItem
	root    *os.Root
	clock   ftpfs.Clock // of the server
	missing []vfs.Path  // folders that could not be made
}

func (r *putRun) openTree(ctx context.Context, item putItem) (*putTree, error) {
	u := r.at(item.remote)
	if err := r.makeFolder(ctx, u); err != nil {
		return nil, err
	}
	t := &putTree{run: r, item: item}
	remote := func() (vfs.FS, error) { return r.server(ctx, u, &t.clock) }
	local := func() (_ vfs.FS, err error) {
		if t.root, err = os.OpenRoot(item.local); err != nil {
			return nil, err
		}
		r.roots = append(r.roots, t.root) // uploads that wait are read from it
		tree, err := osfs.Open(item.local)
		if err != nil {
			return nil, err
		}
		return allNames{tree, t.root}, nil
	}
	var err error
	t.trees, err = openTrees(remote, local, true)
	return t, err
}

// makeFolder makes the folder that the others go into.
func (r *putRun) makeFolder(ctx context.Context, u ftp.URL) error {
	if strings.Trim(u.Path, "/") == "" {
		return nil
	}
	c, err := r.conns.Get(ctx, u)
	if err != nil {
		return err
	}
	defer r.conns.Put(c)
	return c.MkdirAll(ctx, path.Clean(u.Path))
}

// step does what is not an upload at once, and gives the job of one that is.
func (t *putTree) step(ctx context.Context, s mirror.Step, err error) job {
	local := filepath.Join(t.item.local, filepath.FromSlash(s.Path.Rel()))
	u := t.run.at(strings.TrimRight(t.item.remote, "/") + s.ToPath.String())
	switch {
	case err != nil:
		t.run.report.failing(local, err)
	case s.Action == mirror.Mkdir:
		if err := t.to.Mkdir(ctx, s.ToPath); err != nil && !errors.Is(err, vfs.ErrExist) {
			t.missing = append(t.missing, s.ToPath)
			t.run.report.failing(local, err)
		}
	case s.Action == mirror.Skip:
		t.run.report.skip(u, local, s.Reason, s.Equal())
	case s.Action == mirror.Copy, s.Action == mirror.Update:
		for _, dir := range t.missing {
			if dir.Contains(s.ToPath) {
				t.run.report.failing(local, fmt.Errorf("its folder could not be made"))
				return nil
			}
		}
		return t.run.job(u, local, t.opener(s.Path.Rel()))
	default:
		t.run.report.failing(local, fmt.Errorf("not moved: %s", s.Reason))
	}
	return nil
}

// opener opens a file of the tree, and no link that leads out of it.
func (t *putTree) opener(name string) func() (*os.File, error) {
	return func() (*os.File, error) { return t.root.Open(name) }
}
