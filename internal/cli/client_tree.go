package cli

import (
	"context"
	"os"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
)

// manyRun is what a run of a command has that moves several files, in either direction.
type manyRun struct {
	*mover
	login ftp.URL // with user and password
	roots []*os.Root
}

func (r *manyRun) close() {
	for _, root := range r.roots {
		_ = root.Close()
	}
}

// at gives the URL of a path, with which to log in.
func (r *manyRun) at(path string) ftp.URL {
	u := r.login
	u.Path = path
	return u
}

// server opens a folder of the server, and fills in what its listings tell of times.
func (r *manyRun) server(ctx context.Context, u ftp.URL, clock *ftpfs.Clock) (vfs.FS, error) {
	tree, err := ftpfs.New(ctx, r.conns, u, ftpfs.Options{})
	if err != nil {
		return nil, err
	}
	if *clock, err = tree.Clock(ctx); err != nil {
		_ = tree.Close()
		return nil, err
	}
	return tree, nil
}

// fitTimes has the comparison fit what the listings of the server tell of times: many are
// to the minute, in a zone of their own.
func fitTimes(o mirror.Options, server ftpfs.Clock, upload bool) mirror.Options {
	if upload {
		o.ToSkew = server.Skew
	} else {
		o.FromSkew = server.Skew
	}
	o.ZoneUnknown = !server.Known
	o.Precision = min(server.Precision, time.Minute) // mirror knows of older files
	return o
}

// trees are the two ends of a folder that is moved with all that is in it.
type trees struct{ from, to vfs.FS }

// openTrees opens both ends, the one on the server first; where the second one cannot be
// opened, the first is not left open.
func openTrees(remote, local func() (vfs.FS, error), upload bool) (*trees, error) {
	there, err := remote()
	if err != nil {
		return nil, err
	}
	here, err := local()
	switch {
	case err != nil:
		_ = there.Close()
		return nil, err
	case upload:
		return &trees{from: here, to: there}, nil
	}
	return &trees{from: there, to: here}, nil
}

func (t *trees) close() {
	_ = t.from.Close()
	_ = t.to.Close()
}

// jobs streams what step makes of what is to be done; nil means that it is done. It reports
// whether the run goes on.
func (t *trees) jobs(ctx context.Context, r *reporter, o mirror.Options, step func(context.Context, mirror.Step, error) job, yield func(job) bool) bool {
	for s, err := range mirror.Plan(ctx, t.from, t.to, o) {
		if ctx.Err() != nil {
			return false
		}
		do := step(ctx, s, err)
		if do == nil {
			continue
		}
		r.expect(s.From.Size)
		if !yield(do) {
			return false
		}
	}
	return true
}
