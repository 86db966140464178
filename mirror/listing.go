package mirror

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/sealane/sealane/vfs"
)

// item is what is kept of an entry: of 100,000 in one directory, on both sides, less
// than 32 MiB.
type item struct {
	name   string
	key    string  // equal for names that are one on the target; mostly name itself
	unique *string // of directories; nil: not known
	peer   string  // the name on the other side, if taken
	size   int64
	micros int64 // ModTime
	kind   vfs.Kind
	link   bool
	taken  bool // there is one on the other side
	// replaces: a directory that takes the place of a file.
	replaces bool
}

// itemSize is what an item takes at most besides its names: 80 bytes itself, in lists that
// grow 18, and 24 in what alike remembers.
const itemSize = 80 + 18 + 24

func (i *item) entry() vfs.Entry {
	return vfs.Entry{Name: i.name, Kind: i.kind, Link: i.link, Size: i.size, ModTime: time.UnixMicro(i.micros).UTC(), Unique: i.id()}
}

// id is vfs.Entry.Unique of a directory.
func (i *item) id() string {
	if i.unique == nil {
		return ""
	}
	return *i.unique
}

func (i *item) isDir() bool { return i.kind == vfs.KindDir && !i.link }

// odd says that i is neither file nor directory: such are never followed nor made.
func (i *item) odd() bool { return i.link || i.kind == vfs.KindOther }

func (i *item) bytes() int64 {
	n := int64(itemSize + len(i.name))
	if i.unique != nil {
		n += int64(16 + len(*i.unique))
	}
	if i.key != i.name {
		n += int64(len(i.key))
	}
	return n
}

// listing is a directory that was read to its clean end.
type listing struct {
	items []*item // sorted by key, then name; a list of items themselves would double while it grows
	total int     // entries, also those that the patterns leave out
	bytes int64
	bad   error // names that the FS itself has refused
}

// left reports whether the patterns leave anything out.
func (l *listing) left() bool { return l.total > len(l.items) }

// list reads directory p to its end, or gives an error and nothing: half a listing
// looks like one with files deleted. at is p as patterns see it.
func (w *walk) list(side vfs.FS, p, at vfs.Path, source bool) (*listing, error) {
	var l *listing
	err := w.o.retry(w.ctx, func() error {
		l = &listing{}
		err := w.read(l, side.List(w.ctx, p, vfs.WantInfo|vfs.WantUnique), at, source)
		if err != nil {
			w.release(l)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(l.items, func(a, b *item) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.name, b.name))
	})
	return l, nil
}

func (w *walk) read(l *listing, entries iter.Seq2[vfs.Entry, error], at vfs.Path, source bool) error {
	for e, err := range entries {
		// Of a source, names that cannot be are errors one by one, and the others are
		// copied. In a target something may hide behind them.
		if err != nil && source && errors.Is(err, vfs.ErrBadName) {
			l.bad = err
			break
		}
		if err != nil {
			return err
		}
		if l.total++; l.total > or(w.o.MaxEntries, DefaultMaxEntries) {
			return fmt.Errorf("%w: more than %d in one", ErrLimit, l.total-1)
		}
		if w.leaves(at, e) {
			continue
		}
		i := w.item(e)
		if w.held += i.bytes(); w.held > or(w.o.MaxMemory, DefaultMaxMemory) {
			l.bytes += i.bytes()
			return fmt.Errorf("%w: they need more than %d bytes of memory", ErrLimit, or(w.o.MaxMemory, DefaultMaxMemory))
		}
		l.bytes += i.bytes()
		l.items = append(l.items, i)
	}
	return w.ctx.Err()
}

func (w *walk) item(e vfs.Entry) *item {
	i := &item{name: e.Name, key: w.o.key(e.Name), size: e.Size, micros: e.ModTime.UnixMicro(), kind: e.Kind, link: e.Link}
	if i.isDir() && e.Unique != "" {
		id := e.Unique // &e.Unique would keep all of e
		i.unique = &id
	}
	return i
}

// release forgets a listing.
func (w *walk) release(l *listing) {
	w.held -= l.bytes
	l.bytes, l.items = 0, nil
}

// leaves reports whether the patterns leave e out, in the directory at.
func (w *walk) leaves(at vfs.Path, e vfs.Entry) bool {
	if len(w.o.Include)+len(w.o.Exclude) == 0 {
		return false
	}
	p, err := child(at, e.Name)
	if err != nil {
		return false // it is an error later
	}
	return w.o.excluded(p) || !(e.IsDir() && !e.Link) && !w.o.included(p)
}

// child names an entry, if its name is one (CVE-2018-10916, CVE-2002-1344).
func child(p vfs.Path, name string) (vfs.Path, error) {
	if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
		return p, fmt.Errorf("%s: %w", quote(name), ErrRefused)
	}
	q, err := p.Join(name)
	if err != nil {
		return p, fmt.Errorf("%s: %w: %w", quote(name), ErrRefused, err)
	}
	return q, nil
}

// quote shows a name that may be anything, of any length.
func quote(name string) string { return strconv.Quote(name[:min(len(name), 100)]) }

// key is equal for two names that are one on the target.
func (o Options) key(name string) string {
	if !o.ExactForm {
		name = norm.NFC.String(name)
	}
	if o.FoldCase {
		name = fold(name)
	}
	return name
}

// fold makes one of all cases; upper case first, since "ſ" and the sign of Kelvin have
// one that others have too.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// mayBeOne gives what two names have in common that some target takes for one.
func mayBeOne(name string) string { return fold(norm.NFC.String(name)) }
