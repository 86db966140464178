package ftpserver

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sealane/sealane/internal/digest"
	"github.com/sealane/sealane/vfs"
)

// sumLife is how long the hash of a file that was moved is good for: it is asked for
// right behind the transfer, and nothing later is worth a doubt.
const sumLife = time.Minute

// knownSum is the hash of a whole file, taken while it moved. A client that asks for
// it gets it at once, and the file is not read again.
type knownSum struct {
	path  vfs.Path
	hash  vfs.Hash
	entry vfs.Entry // the file as it was moved
	sum   []byte
	at    time.Time
}

func (k *knownSum) String() string { return fmt.Sprintf("%s:%x", k.hash, k.sum) }

// of reports whether k is the sum of the file at p, which is now as e says. The number of a
// file that is gone may be given to another, but not its time of creation, where that is known.
func (k *knownSum) of(p vfs.Path, e vfs.Entry) bool {
	if k == nil || k.path != p || time.Since(k.at) >= sumLife {
		return false
	}
	was := k.entry
	return was.Unique != "" && was.Unique == e.Unique && was.Created.Equal(e.Created) && was.Size == e.Size && was.ModTime.Equal(e.ModTime)
}

// summing takes the hash of a transfer on its way. A nil one takes none.
type summing struct {
	*digest.Digest
	known knownSum
}

// summing is nil if nobody is to know the hash of a file that is moved now: the
// client has neither chosen a hash nor asked for one, and the events need none.
func (s *session) summing(p vfs.Path) *summing {
	if !s.hashes && !s.srv.Hash {
		return nil
	}
	by := s.hash
	if s.srv.Hash {
		by = vfs.SHA256 // the same in all events
	}
	return &summing{digest.New(by.New()), knownSum{path: p, hash: by}}
}

// reader hashes what is read from r.
func (m *summing) reader(r io.Reader) io.Reader {
	if m == nil {
		return r
	}
	return io.TeeReader(r, m.Digest)
}

// writer hashes what w takes.
func (m *summing) writer(w io.Writer) io.Writer {
	if m == nil {
		return w
	}
	return io.MultiWriter(w, m.Digest)
}

// moved says that the file which e describes has been moved.
func (m *summing) moved(e vfs.Entry) {
	if m != nil {
		m.known.entry, m.known.sum, m.known.at = e, m.Sum(), time.Now()
	}
}

// remember is called when the transfer has ended, in the session's goroutine.
func (m *summing) remember(s *session, out *outcome) {
	if m != nil && out.err == nil && m.known.sum != nil {
		s.known = &m.known
		out.hash = m.known.String()
	}
}

// takeSum gives the hash of the whole file at p, which is as e says, if it is known.
// It is asked for once.
func (s *session) takeSum(ctx context.Context, p vfs.Path, e vfs.Entry, h vfs.Hash) []byte {
	k := s.known
	if !k.of(p, e) || k.hash != h {
		return nil
	}
	s.known = nil
	// The tree says who may have a hash: by that of nothing, which costs nothing.
	if _, err := s.grant.FS.Hash(ctx, p, h, 0, 0); err != nil {
		return nil
	}
	return k.sum
}

// setAttr changes attributes of a file or directory. A known sum stays that of the
// file: who uploads sets the time before he asks for the hash.
func (s *session) setAttr(ctx context.Context, p vfs.Path, a vfs.Attr) error {
	fs, k := s.grant.FS, s.known
	s.known = nil
	still := false
	if k != nil && k.path == p {
		e, err := fs.Stat(ctx, p)
		still = err == nil && k.of(p, e)
	}
	if err := fs.SetAttr(ctx, p, a); err != nil {
		return err
	}
	if still {
		if e, err := fs.Stat(ctx, p); err == nil {
			k.entry, s.known = e, k
		}
	}
	return nil
}
