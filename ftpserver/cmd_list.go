package ftpserver

import (
	"context"
	"time"

	"github.com/sealane/sealane/internal/dataconn"
	"github.com/sealane/sealane/internal/listing"
	"github.com/sealane/sealane/vfs"
)

// A listing is gathered for few writes and few TLS records, but the first entries go
// out with the first record. longestLine is more than lines have; a
// longer one only makes a record more.
const (
	listFirst, listStep = 16 << 10, 64 << 10
	longestLine         = 2 << 10
)

// appendEntry appends the line of an entry, without its line end.
type appendEntry func(b []byte, e vfs.Entry) []byte

// cmdList lists a directory, what matches a pattern in it, or one file, for people
// (RFC 959 §4.1.3). Nothing that matches is an empty listing, as of an empty
// directory.
func cmdList(ctx context.Context, s *session, arg string) (*job, error) {
	if err := s.readyForData(); err != nil {
		return nil, err
	}
	t, err := s.listTarget(ctx, arg)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return s.listJob(t, vfs.WantInfo, func(b []byte, e vfs.Entry) []byte {
		return listing.AppendList(b, e, now)
	}), nil
}

// listDirJob lists a whole directory.
func (s *session) listDirJob(p vfs.Path, want vfs.Fields, line appendEntry) *job {
	return s.listJob(listTarget{fs: s.grant.FS, path: p}, want, line)
}

// listJob streams a listing: entries are read, formatted and sent in batches, so that
// the size of a directory does not matter.
func (s *session) listJob(t listTarget, want vfs.Fields, line appendEntry) *job {
	srv, mode := s.srv, s.mode
	move := func(ctx context.Context, conn *dataconn.Conn) (int64, error) {
		var n int64
		out, done := srv.outlet(conn, mode)
		defer done()
		buf := buffers.Get().(*[transferBuffer]byte)
		defer buffers.Put(buf)
		b, enough := buf[:0], listFirst-longestLine
		for e, err := range t.entries(ctx, want) {
			if err != nil {
				return n, err
			}
			b = append(line(b, e), '\r', '\n')
			if len(b) >= enough {
				if _, err := out.Write(b); err != nil {
					return n, &transferError{err}
				}
				n += int64(len(b))
				b, enough = b[:0], listStep-longestLine
			}
		}
		if _, err := out.WriteLast(b); err != nil {
			return n, &transferError{err}
		}
		return n + int64(len(b)), nil
	}
	return s.transferJob(transfer{path: t.path, move: move, abandon: func(error) {}})
}
