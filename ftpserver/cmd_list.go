package ftpserver

import (
	"context"
	"strings"
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

// cmdList lists a directory, or one file, for people (RFC 959 §4.1.3).
func cmdList(ctx context.Context, s *session, arg string) (*job, error) {
	now := time.Now()
	return s.list(ctx, listPath(arg), vfs.WantInfo, func(b []byte, e vfs.Entry) []byte {
		return listing.AppendList(b, e, now)
	})
}

// listPath takes options in the manner of ls off the argument of LIST and NLST:
// many clients send them, and what they ask for is the case anyway.
func listPath(arg string) string {
	for strings.HasPrefix(arg, "-") {
		option, rest, _ := strings.Cut(arg, " ")
		for i := 1; i < len(option); i++ {
			if c := option[i] | 0x20; (c < 'a' || c > 'z') && option[i] != '1' {
				return arg // a name
			}
		}
		arg = strings.TrimLeft(rest, " ")
	}
	return arg
}

// list makes the job of LIST and NLST. The argument may name a file, which is
// then the only entry.
func (s *session) list(ctx context.Context, arg string, want vfs.Fields, line appendEntry) (*job, error) {
	if err := s.readyForData(); err != nil {
		return nil, err
	}
	p, err := s.path(arg)
	if err != nil {
		return nil, err
	}
	e, err := s.grant.FS.Stat(ctx, p)
	if err != nil {
		return nil, err
	}
	if srv := s.srv; !e.IsDir() {
		return s.listingJob(p, func(_ context.Context, conn *dataconn.Conn) (int64, error) {
			return srv.send(conn, strings.NewReader(string(line(nil, e))+"\r\n"))
		}), nil
	}
	return s.listDirJob(p, want, line), nil
}

// listDirJob streams a directory: entries are read, formatted and sent in
// batches, so that its size does not matter.
func (s *session) listDirJob(p vfs.Path, want vfs.Fields, line appendEntry) *job {
	fs := s.grant.FS
	return s.listingJob(p, func(ctx context.Context, conn *dataconn.Conn) (int64, error) {
		var n int64
		buf := buffers.Get().(*[transferBuffer]byte)
		defer buffers.Put(buf)
		b, enough := buf[:0], listFirst-longestLine
		for e, err := range fs.List(ctx, p, want) {
			if err != nil {
				return n, err
			}
			b = append(line(b, e), '\r', '\n')
			if len(b) >= enough {
				if _, err := conn.Write(b); err != nil {
					return n, &transferError{err}
				}
				n += int64(len(b))
				b, enough = b[:0], listStep-longestLine
			}
		}
		if _, err := conn.WriteLast(b); err != nil {
			return n, &transferError{err}
		}
		return n + int64(len(b)), nil
	})
}

func (s *session) listingJob(p vfs.Path, move func(context.Context, *dataconn.Conn) (int64, error)) *job {
	return s.transferJob(transfer{path: p, move: move, abandon: func(error) {}})
}
