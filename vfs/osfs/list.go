package osfs

import (
	"context"
	"iter"
	"strings"

	"github.com/sealane/sealane/vfs"
)

// kindUnknown is the kind of a name whose directory does not tell it.
const kindUnknown vfs.Kind = 255

// kindLink is the kind of a link before it is followed.
const kindLink vfs.Kind = 254

// List implements vfs.FS. It reads as it goes, so that the first entries come at
// once and few are held, and asks the system about an entry only if a field is
// wanted that the directory itself does not tell.
func (f *FS) List(ctx context.Context, p vfs.Path, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		if err := f.list(ctx, p, want, yield); err != nil {
			yield(vfs.Entry{}, f.fail("list", p, err))
		}
	}
}

// listStep is how many entries come between two looks at the context.
const listStep = 64

// list returns nil at the end and when yield has had enough.
func (f *FS) list(ctx context.Context, p vfs.Path, want vfs.Fields, yield func(vfs.Entry, error) bool) error {
	if err := f.mayFind(ctx, p); err != nil {
		return err
	}
	d, err := f.folder.openDir(p)
	if err != nil {
		return err
	}
	defer d.close()
	l := listing{folder: f.folder, dir: d, path: p, want: want}
	l.writable = want.Has(vfs.WantRights) && d.writable(".")
	step := 0
	for name, kind := range l.read {
		if step++; step%listStep == 1 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if !listed(name) {
			continue
		}
		e, err := l.entry(name, kind)
		if isNotExist(err) {
			continue // it vanished
		}
		if err != nil {
			return err
		}
		if !yield(e, nil) {
			return nil
		}
	}
	return l.err
}

// listed reports whether a name is shown: those that no vfs.Path can hold could
// not be asked for.
func listed(name string) bool {
	return !isHidden(name) && nameAllowed(name) && len(name) <= vfs.MaxName && !strings.ContainsAny(name, "\r\n")
}

// listing is one run over a directory.
type listing struct {
	folder   *folder
	dir      *dir
	path     vfs.Path
	want     vfs.Fields
	writable bool
	err      error // what ended it
}

// entry finds out what is wanted of a name.
func (l *listing) entry(name string, kind vfs.Kind) (vfs.Entry, error) {
	const ask = vfs.WantInfo | vfs.WantCreated | vfs.WantUnique
	const kinds = vfs.WantKind | vfs.WantRights
	var e vfs.Entry
	switch {
	case !l.want.Has(ask | kinds):
		return vfs.Entry{Name: name}, nil
	case l.want.Has(ask) || kind == kindUnknown || kind == kindLink:
		in, err := l.dir.stat(name, l.want.Has(vfs.WantCreated))
		if err != nil {
			return vfs.Entry{}, err
		}
		if in.isLink() {
			// A link may lead up, out of this directory and still inside the tree.
			if q, err := l.path.Join(name); err == nil {
				in = l.folder.followOr(q, in)
			}
		}
		e = in.entry(name, l.want)
	default:
		e = vfs.Entry{Name: name, Kind: kind}
	}
	if l.want.Has(vfs.WantRights) {
		e = l.dir.withRights(e, l.writable)
	}
	return e, nil
}
