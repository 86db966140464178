package ftpclient

import (
	"context"
	"sync"
	"time"

	"github.com/sealane/sealane/ftp"
)

// abortGrace is how long a server has to answer ABOR. Whoever ends a context waits
// for it.
const abortGrace = 500 * time.Millisecond

// noopGrace is how long the answers to NOOPs may come behind the end of their
// transfer: some servers read no command before.
const noopGrace = 5 * time.Second

// talk is what is said on the control connection while a transfer runs. During
// that time others than the goroutine of the call may send: only through it.
type talk struct {
	talkMu   sync.Mutex
	over     bool // nothing more may be sent
	aborted  bool // ABOR was sent
	noops    int  // sent
	answered int
	giveUp   *time.Timer // closes a control connection that does not answer ABOR
	stop     chan struct{}
	stopped  sync.WaitGroup
}

// run ties t to ctx, and begins to wait for its end.
func (t *transfer) run(ctx context.Context) {
	t.unwind = context.AfterFunc(ctx, t.drop)
	t.c.setLive(t)
	go t.readFinal()
	if every := t.c.opt.KeepAlive; every > 0 {
		t.stop = make(chan struct{})
		t.stopped.Go(func() { t.keepAlive(every) })
	}
}

func (c *Client) setLive(t *transfer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = t
}

// interrupt is the end of a call's context. A transfer is aborted, so that the
// connection can be used further; whatever else is waited for, is given up with the
// connection.
func (c *Client) interrupt(cause error) {
	c.mu.Lock()
	t := c.live
	c.mu.Unlock()
	if t == nil || !t.abort(cause) {
		c.fail(cause)
		_ = c.raw.Close()
	}
}

// abort sends ABOR, and reports false if it is too late for that.
func (t *transfer) abort(cause error) bool {
	t.talkMu.Lock()
	defer t.talkMu.Unlock()
	if t.over {
		return false
	}
	t.over, t.aborted = true, true
	t.giveUp = time.AfterFunc(abortGrace, func() {
		t.c.fail(cause)
		_ = t.c.raw.Close()
	})
	t.drop()
	_ = t.c.send("ABOR") // an error has ended the connection
	return true
}

// keepAlive sends NOOP from time to time.
func (t *transfer) keepAlive(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-tick.C:
		}
		t.talkMu.Lock()
		if t.over || t.noops-t.answered >= maxPreliminary { // who does not answer is not asked more
			t.talkMu.Unlock()
			continue
		}
		t.noops++
		err := t.c.send("NOOP")
		t.talkMu.Unlock()
		if err != nil {
			return // readFinal finds out too
		}
	}
}

// ofNoop reports whether r answers a NOOP. A transfer ends with none of these codes.
func (t *transfer) ofNoop(r ftp.Reply) bool {
	t.talkMu.Lock()
	defer t.talkMu.Unlock()
	switch r.Code {
	case ftp.Code200OK, ftp.Code500Unknown, ftp.Code501BadParameter, ftp.Code502NotImplemented, ftp.Code503BadSequence:
	default:
		return false
	}
	if t.answered == t.noops {
		return false
	}
	t.answered++
	return true
}

// silence ends the talk, and reads what is still to come: the next command must
// not get the answer to another.
func (t *transfer) silence() {
	t.talkMu.Lock()
	t.over = true
	left := t.noops - t.answered
	t.talkMu.Unlock()
	if t.stop != nil {
		close(t.stop)
		t.stopped.Wait()
	}
	c := t.c
	c.setLive(nil)
	if t.aborted {
		left++
	}
	for ; left > 0 && c.lost() == nil; left-- {
		if err := c.ctl.SetReadDeadline(time.Now().Add(noopGrace)); err != nil {
			c.fail(controlError(err))
			return
		}
		_, _ = c.readNow() // an error has ended the connection
	}
	if t.giveUp != nil {
		t.giveUp.Stop()
	}
}
