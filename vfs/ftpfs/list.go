package ftpfs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

// ahead is how many entries are read before the first is given to the caller. A
// directory with no more of them is read to its end first: the caller may take its
// time, and use the FS, while no connection is held and no server waits.
const ahead = 16 << 10

// aheadBytes bounds the names and facts of those: each may have 64 KiB.
const aheadBytes = 4 << 20

// List implements vfs.FS. A directory of more than 16,384 entries, or 4 MiB of names, holds a connection of
// the pool while it is listed. Names that no vfs.Path can hold end the sequence with an
// error that wraps ErrBadName, behind all others.
func (f *FS) List(ctx context.Context, p vfs.Path, _ vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		l := &lister{fs: f, ctx: ctx, yield: yield}
		err := f.with(ctx, "list", p, func(c *ftpclient.Client) error { return l.read(c, p) })
		if !l.stopped && !l.streams {
			l.flush()
		}
		if l.stopped {
			return
		}
		if err == nil && l.ctx.Err() != nil {
			err = fail("list", p, l.ctx.Err())
		}
		if err != nil {
			yield(vfs.Entry{}, err)
		}
	}
}

// lister gives the entries of one directory to a caller.
type lister struct {
	fs      *FS
	ctx     context.Context
	yield   func(vfs.Entry, error) bool
	kept    []vfs.Entry
	bytes   int  // of the names and facts in kept
	streams bool // kept is given out, and what follows is given at once
	stopped bool // the caller wants no more
}

// read takes the listing in.
func (l *lister) read(c *ftpclient.Client, p vfs.Path) error {
	var bad badNames
	for e, err := range c.List(l.ctx, l.fs.remote(p)) {
		if err != nil {
			if len(l.kept) == 0 && !l.streams {
				err = l.fs.verdict(l.ctx, c, p, err, notDir)
			}
			return errors.Join(err, bad.err())
		}
		switch {
		case !nameable(e.Name):
			bad.add(e.Name)
		case l.fs.o.TempNames && isTemp(e.Name):
		case !l.add(l.fs.complete(e)):
			return nil
		}
	}
	return bad.err()
}

// add reports whether to go on.
func (l *lister) add(e vfs.Entry) bool {
	if l.streams {
		return l.give(e)
	}
	l.kept, l.bytes = append(l.kept, e), l.bytes+len(e.Name)+len(e.Unique)
	if len(l.kept) < ahead && l.bytes < aheadBytes {
		return true
	}
	l.streams = true
	return l.flush()
}

func (l *lister) flush() bool {
	for _, e := range l.kept {
		if !l.give(e) {
			return false
		}
	}
	l.kept = nil
	return true
}

func (l *lister) give(e vfs.Entry) bool {
	if l.ctx.Err() != nil {
		return false
	}
	l.stopped = !l.yield(e, nil)
	return !l.stopped
}

// nameable reports whether name is one name that a vfs.Path can hold: what a server
// lists must not lead anywhere else (CVE-2018-10916, CVE-2026-27699).
func nameable(name string) bool {
	if name == "" || strings.Contains(name, "/") {
		return false
	}
	p, err := vfs.Path{}.Join(name)
	return err == nil && p.Base() == name
}

// badNames counts names that cannot be used.
type badNames struct {
	count int
	first string
}

func (b *badNames) add(name string) {
	if b.count++; b.count == 1 {
		b.first = name[:min(len(name), 100)]
	}
}

func (b *badNames) err() error {
	if b.count == 0 {
		return nil
	}
	return fmt.Errorf("%w: the server lists %d names that no file can have here, the first is %q", vfs.ErrBadName, b.count, b.first)
}
