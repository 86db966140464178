package ftpserver

import (
	"context"
	"errors"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
	"github.com/sealane/sealane/vfs"
)

var errNoConnection = errors.New("no data connection")

// transfer is what a data command does once its data connection is there.
type transfer struct {
	path   vfs.Path
	upload bool
	offset int64 // at which a resumed one begins
	// move does the transfer and returns the bytes moved. Errors of the data
	// connection are transferErrors; all others are of the storage.
	move func(ctx context.Context, conn *dataconn.Conn) (int64, error)
	then func(out *outcome) // as that of a job; may be nil
	// abandon gives back what was opened for the transfer, whose failure or
	// success is err. It is called exactly once, after move or instead of it.
	abandon func(err error)
}

// readyForData checks what all data commands need before they touch a file.
func (s *session) readyForData() error {
	switch {
	case s.prot == protClear && !s.srv.TLS.InsecurePlaintext:
		return refuse(ftp.Code521DataTLSRequired, "Data connections must be protected: send PBSZ 0 and PROT P.")
	case s.offer == nil:
		return refuse(ftp.Code425NoDataConn, "Use PASV or EPSV first.")
	}
	return nil
}

// transferJob makes the job of a data command: 150, the data connection, move,
// and the final reply. It takes the pending offer.
func (s *session) transferJob(t transfer) *job {
	o := s.takeOffer()
	o.gate.upload.Store(t.upload)
	return &job{
		// 150 at once: some clients connect only when they have seen it.
		opening: ftp.Replyf(ftp.Code150Opening, "Opening the data connection."),
		event: Event{Kind: EventTransfer, Path: t.path.String(), Transfer: &Transfer{
			Upload: t.upload, ASCII: s.typ == typeASCII, Offset: t.offset,
		}},
		run: func(ctx context.Context) (out outcome) {
			out.err = errPanic // stays if move panics
			defer func() { t.abandon(out.err) }()
			return s.srv.carry(ctx, o, t, &s.view)
		},
		then: t.then,
	}
}

// carry gets the data connection, moves the data and ends the connection in the
// way that tells the peer the truth.
func (s *Server) carry(ctx context.Context, o *offer, t transfer, v *view) outcome {
	conn, err := s.connect(ctx, o)
	if err != nil {
		return outcome{err: &transferError{err}, end: unmade(err)}
	}
	v.moves(conn)
	unhook := context.AfterFunc(ctx, conn.Abort)
	n, err := t.move(ctx, conn)
	out := outcome{bytes: n, err: err, resumed: conn.Resumed()}
	if !unhook() {
		// Aborted. What move made of it does not count, but for a download or an
		// upload that was whole already.
		out.end = EndAborted
		return out.orDone()
	}
	var broken *transferError
	out.end = endOf(conn, err != nil && !t.upload && !errors.As(err, &broken), err)
	switch {
	case errors.As(err, &broken), err != nil && !t.upload:
		// A cut must look like a cut: no close_notify.
		conn.Abort()
	case err != nil:
		// Refused while the client is sending: say the end, and read on for a
		// while, or the RST hides our reply from the client.
		conn.Finish()
		out.after = s.linger(conn, n)
	default:
		out.after = s.linger(conn, n)
	}
	return out.orDone()
}

func (o outcome) orDone() outcome {
	if o.err == nil {
		o.reply = ftp.Replyf(ftp.Code226Done, "Transfer complete.")
	}
	return o
}

// connect waits for the one data connection of the offer. The offer is closed by
// the session, since that it was in vain is to be remembered.
func (s *Server) connect(ctx context.Context, o *offer) (*dataconn.Conn, error) {
	wait, cancel := context.WithTimeout(ctx, s.Limits.Connect)
	defer cancel()
	conn, err := o.Wait(wait)
	switch {
	case err == nil:
		return conn, nil
	case errors.Is(err, dataconn.ErrRivals):
		s.Logger.Warn("two connections claimed one data port, and neither resumed the TLS session", "port", o.Port())
		return nil, err
	case errors.Is(err, dataconn.ErrHandshake), errors.Is(err, dataconn.ErrUnproven):
		return nil, err
	}
	return nil, errors.Join(errNoConnection, err)
}

// linger ends a data connection whose own direction has been finished: it reads
// on for a bounded time, because closing with unread input makes the kernel send
// RST, which can destroy what the peer has not read yet.
// It is the goroutine of the job that does so, in after: one more would cost a small
// file two changes of thread. That of a bulk transfer ends, with its thread.
func (s *Server) linger(conn *dataconn.Conn, moved int64) (after func()) {
	s.running.Add(1) // the session that calls us still counts
	drain := func() {
		defer s.running.Done()
		conn.Drain(s.Limits.Linger)
	}
	if moved >= bulkAfter {
		go drain()
		return nil
	}
	return drain
}
