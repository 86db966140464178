package ftpserver

import (
	"errors"
	"io"
	"sync"

	"github.com/sealane/sealane/internal/dataconn"
)

// transferBuffer is the size of the pooled buffers between storage and data
// connection: large enough that system calls do not dominate.
const transferBuffer = 256 << 10

var buffers = sync.Pool{New: func() any { return new([transferBuffer]byte) }}

// send moves a stream to the client and finishes our direction: close_notify,
// then FIN. It counts what was sent as it was before the mode.
func (s *Server) send(conn *dataconn.Conn, m transferMode, r io.Reader) (int64, error) {
	out, done := s.outlet(conn, m)
	defer done()
	n, readErr, writeErr := s.move(out, r)
	if writeErr != nil {
		return n, &transferError{writeErr}
	}
	return n, readErr
}

// receive moves a stream from the client to its proven end: close_notify under
// TLS, FIN in clear. through filters what arrives.
func (s *Server) receive(w io.Writer, conn *dataconn.Conn, m transferMode, through func(io.Reader) io.Reader) (int64, error) {
	in, done := m.inlet(conn)
	defer done()
	n, readErr, writeErr := s.move(w, through(in))
	var refused *refusal
	switch {
	case errors.As(readErr, &refused): // what arrived is wrong, not the connection
		return n, readErr
	case readErr != nil:
		return n, &transferError{readErr}
	case writeErr != nil:
		return n, writeErr
	}
	return n, nil
}

// readFull fills p as far as the stream goes. TLS gives out one record at a time,
// and the storage is better off with large writes.
func readFull(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var got int
		got, err = r.Read(p[n:])
		n += got
	}
	return n, err
}

// move copies to the end of r and keeps the errors of the two sides apart. An
// outlet to which it writes is finished then. It is the last work of its
// goroutine: see bulkThreads.
func (s *Server) move(w io.Writer, r io.Reader) (n int64, readErr, writeErr error) {
	buf := buffers.Get().(*[transferBuffer]byte)
	defer buffers.Put(buf)
	tried := false
	for {
		if n >= bulkAfter && !tried {
			tried = true
			if s.Bulk != nil {
				s.Bulk(1)
				defer s.Bulk(-1)
			}
			if s.bulk.enter() {
				defer s.bulk.leave()
			}
		}
		got, err := readFull(r, buf[:])
		if out, ours := w.(outlet); ours && err == io.EOF {
			wrote, werr := out.WriteLast(buf[:got])
			return n + int64(wrote), nil, werr
		}
		if got > 0 {
			wrote, werr := w.Write(buf[:got])
			n += int64(wrote)
			if werr != nil {
				return n, nil, werr
			}
		}
		if err == io.EOF {
			return n, nil, nil
		}
		if err != nil {
			return n, err, nil
		}
	}
}
