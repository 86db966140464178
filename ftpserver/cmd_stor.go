package ftpserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealane/sealane/internal/dataconn"
	"github.com/sealane/sealane/vfs"
)

// cmdStor receives a file, behind the offset of REST if there was one.
func cmdStor(ctx context.Context, s *session, arg string) (*job, error) {
	offset, err := s.restart()
	if err != nil {
		return nil, err
	}
	if err := s.noRange(); err != nil {
		return nil, err
	}
	return s.store(ctx, arg, vfs.Create{Offset: offset})
}

// abortCause tells the storage which uploads broke off through no fault of what
// was sent, so that it may keep their bytes for REST or APPE.
func abortCause(err error) error {
	var broken *transferError
	if errors.As(err, &broken) || errors.Is(err, errAborted) || errors.Is(err, errShutdown) || errors.Is(err, errKicked) {
		return fmt.Errorf("%w: %w", vfs.ErrInterrupted, err)
	}
	return err
}

// store makes the job of an upload: nothing is seen of it before its end has been
// proven and the storage has committed it; only then comes the 226.
func (s *session) store(ctx context.Context, arg string, how vfs.Create) (*job, error) {
	if err := s.readyForData(); err != nil {
		return nil, err
	}
	p, err := s.path(arg)
	if err != nil {
		return nil, err
	}
	how.Umask = s.umask.mode()
	up, err := s.grant.FS.Create(ctx, p, how)
	if err != nil {
		return nil, err
	}
	var sum *summing
	if how.Offset == 0 && !how.Append {
		sum = s.summing(p)
	}
	srv, mode, filter, legacyEOF := s.srv, s.mode, s.typ.incoming(), s.grant.Data.LegacyEOF
	return s.transferJob(transfer{
		path:   p,
		upload: true,
		offset: how.Offset,
		move: func(ctx context.Context, conn *dataconn.Conn) (int64, error) {
			if legacyEOF {
				conn.AcceptFIN()
			}
			n, err := srv.receive(sum.writer(up), conn, mode, filter)
			if err != nil {
				return n, err
			}
			// The client may close meanwhile; its file is whole, whether or not
			// it still hears our close_notify.
			conn.Finish()
			e, err := up.Commit(ctx)
			if err == nil {
				sum.moved(e)
			}
			return n, err
		},
		then: func(out *outcome) { sum.remember(s, out) },
		abandon: func(err error) {
			if err != nil {
				if aerr := up.Abort(abortCause(err)); aerr != nil {
					srv.Logger.Warn("an upload could not be cleared away", "error", aerr)
				}
			}
		},
	}), nil
}
