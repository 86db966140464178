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
}

// Unfinished implements vfs.FS. The tree has one owner.
func (f *FS) Unfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	if err := f.begin(ctx); err != nil {
		return vfs.Entry{}, fail("find an upload of", p, err)
	}
	defer f.mu.Unlock()
	b := f.broken[p.String()]
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
	b := f.broken[p.String()]
	if b == nil {
		return false
	}
	f.used -= int64(len(b.data))
	delete(f.broken, p.String())
	return true
}

func (f *FS) forgetNow(p vfs.Path) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.forget(p)
}
