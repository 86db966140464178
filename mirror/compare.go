package mirror

import (
	"bytes"
	"errors"
	"time"

	"github.com/sealane/sealane/vfs"
)

// Reasons of steps.
const (
	reasonEqual    = "equal"
	reasonSize     = "size"
	reasonTime     = "time"
	reasonContent  = "content"
	reasonNoHash   = "no hash to compare"
	reasonNoTime   = "equal in size, no time to compare"
	reasonZone     = "equal but for one hour"
	reasonOdd      = "neither file nor directory"
	reasonKind     = "of another kind on the target"
	reasonKindDel  = "a directory on the target, which only Delete may remove"
	reasonKindLeft = "a directory on the target, with something in it that is left alone"
	reasonSpelling = "spelled in another way in the source"
	reasonReplaces = "of another kind on the target, which it replaces"
)

// compare says what is to be done with a file that both sides have.
func (w *walk) compare(at place, s, d *item) (Action, string, error) {
	if s.size != d.size {
		return Update, reasonSize, nil
	}
	note := ""
	if w.o.ByHash {
		same, err := w.sameHash(at)
		switch {
		case err == nil && same:
			return Skip, reasonEqual, nil
		case err == nil:
			return Update, reasonContent, nil
		case w.o.StrictHash || !errors.Is(err, vfs.ErrUnsupported):
			return Skip, "", err
		}
		note = reasonNoHash + "; "
	}
	reason, same := w.o.sameTime(s.entry().ModTime, d.entry().ModTime, w.to.Caps().SetModTime)
	if same {
		return Skip, note + reason, nil
	}
	return Update, note + reason, nil
}

// sameTime judges the times of source and target as their listings show them. Where
// the target cannot set times, it has that of the upload: that may be later.
func (o Options) sameTime(s, d time.Time, set bool) (string, bool) {
	if s.IsZero() || d.IsZero() {
		return reasonNoTime, true
	}
	off := d.Add(-o.ToSkew).Sub(s.Add(-o.FromSkew))
	if !set {
		off = min(off, 0)
	}
	tolerance := o.tolerance()
	switch {
	case off.Abs() <= tolerance:
		return reasonEqual, true
	case o.ZoneUnknown && (off.Abs()-time.Hour).Abs() <= tolerance:
		return reasonZone, true
	case o.Precision < time.Minute:
	case midnight(d) && off <= 0 && off > -24*time.Hour, midnight(s) && off >= 0 && off < 24*time.Hour:
		return reasonEqual, true
	}
	return reasonTime, false
}

func (o Options) tolerance() time.Duration {
	return max(or(o.Tolerance, DefaultTolerance), o.Precision)
}

func midnight(t time.Time) bool { return t.Truncate(24 * time.Hour).Equal(t) }

// sameHash compares the contents of a file by the best hash that both sides have. What
// is not there for one file is not asked for again.
func (w *walk) sameHash(at place) (bool, error) {
	for len(w.hashes) > 0 {
		var a, b []byte
		err := w.o.retry(w.ctx, func() (err error) {
			// The target first: if it is a server without hashes, no file is read in vain.
			if b, err = w.to.Hash(w.ctx, at.dst, w.hashes[0], 0, -1); err == nil {
				a, err = w.from.Hash(w.ctx, at.src, w.hashes[0], 0, -1)
			}
			return err
		})
		if !errors.Is(err, vfs.ErrUnsupported) {
			return bytes.Equal(a, b), err
		}
		w.hashes = w.hashes[1:]
	}
	return false, vfs.ErrUnsupported
}
