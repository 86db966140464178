package ftpserver

import (
	"context"
	"io"

	"github.com/sealane/sealane/internal/dataconn"
	"github.com/sealane/sealane/vfs"
)

// cmdRetr sends a file.
func cmdRetr(ctx context.Context, s *session, arg string) (*job, error) {
	if err := s.readyForData(); err != nil {
		return nil, err
	}
	offset, err := s.restart()
	if err != nil {
		return nil, err
	}
	p, err := s.path(arg)
	if err != nil {
		return nil, err
	}
	f, err := s.openAt(ctx, p, offset)
	if err != nil {
		return nil, err
	}
	srv, mode, filter := s.srv, s.mode, s.typ.outgoing()
	left := f.Entry().Size - offset
	var bytes io.Reader = f
	var sum *summing
	switch end := s.given.end; {
	case end > 0 && end-offset < left:
		left = end - offset
		bytes = io.LimitReader(f, left)
	case offset == 0:
		sum = s.summing(p)
	}
	whole := &wholeReader{r: sum.reader(bytes), left: left}
	return s.transferJob(transfer{
		path:   p,
		offset: offset,
		move: func(_ context.Context, conn *dataconn.Conn) (int64, error) {
			n, err := srv.send(conn, mode, filter(whole))
			if err == nil {
				sum.moved(f.Entry())
			}
			return n, err
		},
		then:    func(out *outcome) { sum.remember(s, out) },
		abandon: func(error) { f.Close() },
	}), nil
}

// wholeReader gives vfs.ErrConflict in place of an io.EOF that comes too early: a
// program that writes the file in place has cut it meanwhile, and what was sent is
// neither the old version nor the new one. A file that grows is no harm: that is
// how logs are downloaded.
type wholeReader struct {
	r    io.Reader
	left int64 // bytes of the file as it was when it was opened
}

func (w *wholeReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.left -= int64(n)
	if err == io.EOF && w.left > 0 {
		err = vfs.ErrConflict
	}
	return n, err
}

func (s *session) openAt(ctx context.Context, p vfs.Path, offset int64) (vfs.File, error) {
	f, err := s.grant.FS.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	if offset > f.Entry().Size {
		err = vfs.ErrOffset
	} else if offset > 0 {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
