package trail

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// Entry is a line on its way to a sink.
type Entry struct {
	Kind  Kind
	Time  time.Time
	Grave bool   // people may want to see it at once
	Text  []byte // as in the file, without its line end; not to be changed
}

// Sink is another place for the lines. Its methods are called from one goroutine.
type Sink interface {
	// Name is what the trail calls it.
	Name() string
	// Send passes a line on. It returns soon after ctx ends. After an error it is called
	// again with the same line, but for one that wraps ErrTooLarge.
	Send(ctx context.Context, e Entry) error
	Close() error
}

// ErrTooLarge is wrapped by the errors of Sink.Send for lines that it can never take.
var ErrTooLarge = errors.New("the line is too large for this sink")

const (
	sendTime  = 5 * time.Second // for one line
	closeTime = 2 * time.Second // for what waits at the end
)

// outlet keeps a sink from holding up the trail: it has a queue of its own, and counts
// what does not fit into it.
type outlet struct {
	sink   Sink
	ch     chan Entry
	lost   atomic.Int64
	tell   func(sink string, lost int64)
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
}

func newOutlet(s Sink, queue int, tell func(string, int64), log *slog.Logger) *outlet {
	o := &outlet{sink: s, ch: make(chan Entry, queue), tell: tell, log: log, done: make(chan struct{})}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	go o.run()
	return o
}

// offer never waits.
func (o *outlet) offer(e Entry) {
	select {
	case o.ch <- e:
	default:
		o.lost.Add(1)
	}
}

func (o *outlet) run() {
	defer close(o.done)
	defer o.sink.Close()
	for e := range o.ch {
		if !o.deliver(e) {
			o.lost.Add(1)
		}
		if n := o.lost.Swap(0); n > 0 {
			o.tell(o.sink.Name(), n)
		}
	}
}

// deliver tries until a line is gone, and reports whether it is.
func (o *outlet) deliver(e Entry) bool {
	for failed := false; ; failed = true {
		ctx, cancel := context.WithTimeout(o.ctx, sendTime)
		err := o.sink.Send(ctx, e)
		cancel()
		switch {
		case err == nil:
			if failed {
				o.log.Info("the trail gets through again", "sink", o.sink.Name())
			}
			return true
		case errors.Is(err, ErrTooLarge), o.ctx.Err() != nil:
			return false
		case !failed:
			o.log.Warn("the trail does not get through", "sink", o.sink.Name(), "err", err)
		}
		retry := time.NewTimer(again)
		select {
		case <-retry.C:
		case <-o.ctx.Done():
			retry.Stop()
			return false
		}
	}
}

// close delivers what waits, for a bounded time.
func (o *outlet) close() {
	close(o.ch)
	stop := time.AfterFunc(closeTime, o.cancel)
	<-o.done
	stop.Stop()
	o.cancel()
}
