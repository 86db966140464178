package memfs

import (
	"context"
	"time"

	"github.com/sealane/sealane/vfs"
)

// unfinished is what an upload left that broke off. Its bytes count as used.
type unfinished struct {
	data []byte
	at   time.Time
	nth  uint64 // of all that were kept
}

// keep takes over the bytes of an upload to p, which are counted already, in
// place of what was kept of it before, and drops the oldest of all until they are
// within the bound; it needs the lock.
func (f *FS) keep(p vfs.Path, data []byte) {
	f.forget(p)
	if f.keepBytes == 0 || f.keepBytes > 0 && int64(len(data)) > f.keepBytes {
		f.used -= int64(len(data)) // and none of the others goes for it
		return
	}
	f.lastID++
	f.broken[p] = &unfinished{data, time.Now(), f.lastID}
	for f.keepBytes > 0 {
		var sum int64
		oldest := p
		for q, b := range f.broken {
			sum += int64(len(b.data))
			if b.nth < f.broken[oldest].nth {
				oldest = q
			}
		}
		if sum <= f.keepBytes {
			return
		}
		f.forget(oldest)
	}
}

// Unfinished implements vfs.FS. The tree has one owner. What is kept is known by
// its path, whatever becomes of the directories on it.
func (f *FS) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := f.begin(ctx); err != nil {
		return vfs.Entry{}, fail("find an upload of", p, err)
	}
	defer f.mu.Unlock()
	b := f.broken[p]
	if b == nil {
		return vfs.Entry{}, fail("find an upload of", p, vfs.ErrNotExist)
	}
	e := vfs.Entry{Name: p.Base(), Kind: vfs.KindFile, Size: int64(len(b.data)), ModTime: b.at, Mode: 0o644}
	e.Rights = vfs.MayAppend | vfs.MayWrite | vfs.MayDelete
	return e, nil
}

// forget drops the unfinished upload to p, if there is one, and reports whether
// there was; it needs the lock.
func (f *FS) forget(p vfs.Path) bool {
	b := f.broken[p]
	if b == nil {
		return false
	}
	f.used -= int64(len(b.data))
	delete(f.broken, p)
	return true
}

func (f *FS) forgetNow(p vfs.Path) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.forget(p)
}
