package ftpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// combParts is how many parts one COMB takes; clients cut files into ten at most.
const combParts = 256

// cmdComb puts parts, which a client has sent side by side, behind the end of a file,
// or together as a new one, and removes them then. Names are parted by spaces and may
// stand in quotes, as clients send them (in use, not registered). It is a job, so that
// ABOR and the end of the session stop it.
func cmdComb(_ context.Context, s *session, arg string) (*job, error) {
	names, ok := quotedFields(arg)
	switch {
	case !ok || len(names) < 2 || slices.Contains(names, ""):
		return nil, refuse(ftp.Code501BadParameter, `COMB needs a file and its parts; put "" around those with spaces.`)
	case len(names) > combParts+1:
		return nil, refuse(ftp.Code501BadParameter, "These are more parts than COMB takes at a time.")
	case s.grant.FS.Caps().InPlace:
		// What fails half way must leave the file as it was.
		return nil, refuse(ftp.Code550Unavailable, "COMB needs uploads that are not seen before they are whole.")
	}
	c := combination{tree: s.grant.FS, umask: s.umask}
	for _, name := range names {
		p, err := s.path(name)
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, part{path: p})
	}
	c.to, c.parts = c.parts[0].path, c.parts[1:]
	srv, account := s.srv, s.grant.Account
	if !srv.beginHash(account) { // it reads as fast as the disk can, too
		return nil, refuse(ftp.Code450Busy, "This account is having files read; try again later.")
	}
	return &job{
		run: func(ctx context.Context) outcome {
			defer srv.endHash(account)
			if err := c.run(ctx); err != nil {
				return outcome{err: err}
			}
			text := "Combined."
			if c.removed < len(c.parts) {
				// Not a refusal: who tried again would get the bytes twice.
				text = "Combined; not all parts could be removed."
			}
			return outcome{reply: ftp.Replyf(ftp.Code250Done, "%s", text)}
		},
		then: func(out *outcome) {
			if out.err == nil {
				s.changed("COMB", c.to)
			}
		},
	}, nil
}

// combination is one COMB.
type combination struct {
	tree    vfs.FS
	umask   umask
	to      vfs.Path
	parts   []part
	removed int // of parts, from the first
}

// part is a file that is to be combined, as it was when that began.
type part struct {
	path  vfs.Path
	entry vfs.Entry
}

// run reads the parts, and removes none before all of them are in their place.
func (c *combination) run(ctx context.Context) error {
	if err := c.check(ctx); err != nil {
		return err
	}
	up, err := c.tree.Create(ctx, c.to, vfs.Create{Append: true, Umask: c.umask.mode()})
	if err != nil {
		return err
	}
	for i := range c.parts {
		if err := c.parts[i].copyTo(ctx, c.tree, up); err != nil {
			return errors.Join(err, up.Abort(err))
		}
	}
	if _, err := up.Commit(ctx); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // it is done, and told as such
	for _, p := range c.parts {
		// One that was sent anew meanwhile is not the one that was read.
		e, err := c.tree.Stat(ctx, p.path)
		if err != nil || !sameVersion(e, p.entry) || c.tree.Remove(ctx, p.path) != nil {
			return nil
		}
		c.removed++
	}
	return nil
}

// check bounds what is read and written (S-40): each file counts once, by whatever
// name, and together they fit in the room that is left. So who combines gets no more
// bytes than he has sent.
func (c *combination) check(ctx context.Context) error {
	paths, files, sum := map[vfs.Path]bool{c.to: true}, map[string]bool{}, int64(0)
	if e, err := c.tree.Stat(ctx, c.to); err == nil && e.Unique != "" {
		files[e.Unique] = true
	}
	for i := range c.parts {
		p := &c.parts[i]
		var err error
		if p.entry, err = regular(c.tree.Stat(ctx, p.path)); err != nil {
			return err
		}
		if paths[p.path] || p.entry.Unique != "" && files[p.entry.Unique] {
			return refuse(ftp.Code501BadParameter, "A file is named twice.")
		}
		const need = vfs.MayRead | vfs.MayDelete
		if p.entry.Rights&need != need {
			return vfs.ErrPermission
		}
		paths[p.path], files[p.entry.Unique] = true, true
		if sum += p.entry.Size; sum < 0 {
			return vfs.ErrNoSpace
		}
	}
	if space, err := c.tree.Space(ctx, c.to.Dir()); err == nil && space.Free >= 0 && sum > space.Free {
		return vfs.ErrNoSpace
	}
	return nil
}

// copyTo writes the part, which must be what it was when it was looked at.
func (p *part) copyTo(ctx context.Context, tree vfs.FS, up vfs.Upload) error {
	f, err := tree.Open(ctx, p.path)
	if err != nil {
		return err
	}
	defer f.Close()
	if !sameVersion(f.Entry(), p.entry) {
		return vfs.ErrConflict
	}
	buf := buffers.Get().(*[transferBuffer]byte)
	defer buffers.Put(buf)
	n, err := io.CopyBuffer(onlyWriter{up}, io.LimitReader(&whileReader{ctx, f}, p.entry.Size), buf[:])
	if err == nil && n < p.entry.Size {
		err = fmt.Errorf("%w: a part was cut", vfs.ErrConflict)
	}
	return err
}

func sameVersion(a, b vfs.Entry) bool {
	return a.Unique == b.Unique && a.Size == b.Size && a.ModTime.Equal(b.ModTime)
}
