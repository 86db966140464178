package cli

import (
	"context"
	"io"
	"sync"
)

// localEnd notes what fails on this machine while a file is moved: a disk that is full, a
// pipe that nobody reads. It ends the transfer. The server, which sees no more than a
// connection that breaks, calls that temporary, and the same would be tried again without end.
type localEnd struct {
	stop context.CancelCauseFunc
	mu   sync.Mutex
	err  error
}

// newLocalEnd gives the context in which the file is to be moved; stop frees it.
func newLocalEnd(ctx context.Context) (moving context.Context, l *localEnd, stop func()) {
	l = &localEnd{}
	moving, l.stop = context.WithCancelCause(ctx)
	return moving, l, func() { l.stop(nil) }
}

// saw notes err, if it is one, and gives it back.
func (l *localEnd) saw(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
		l.stop(err)
	}
	return err
}

// reason is why a transfer has failed with err: what has failed here, if anything.
func (l *localEnd) reason(err error) (_ error, here bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil && l.err != nil {
		return l.err, true
	}
	return err, false
}
