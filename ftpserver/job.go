package ftpserver

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/sealane/sealane/ftp"
)

// job is work that takes time: a transfer, a login, waiting for a data port. It
// runs in its own goroutine, so that the session goes on hearing ABOR, STAT and
// the end of the control connection.
type job struct {
	opening ftp.Reply // 1yz, sent before the job runs; zero: none
	// run does the work. It must not touch the session, and must end soon after
	// ctx does.
	run func(ctx context.Context) outcome
	// then is called in the session's goroutine when run has ended, and may
	// change the outcome. May be nil.
	then func(out *outcome)
	// discard is called instead of then when the session ended first and run
	// succeeded all the same. May be nil.
	discard func()
	event   Event // told when the job has ended, if its Kind is set
	// row and arg are of the command, if what becomes of it is told by no other event.
	row *command
	arg string

	began  time.Time
	done   chan outcome
	cancel context.CancelCauseFunc
}

// outcome is what a job ended with: a reply, or an error that replyTo turns into
// one. Where both are set, the reply is sent and the error is for the event.
type outcome struct {
	reply   ftp.Reply
	err     error
	bytes   int64
	resumed bool
	end     DataEnd
	hash    string // for EventHash
	// after, if not nil, is called behind run, in its goroutine, when the outcome has
	// been told already.
	after func()
}

// replyJob is the job of a command that, for once, has its reply at once.
func replyJob(r ftp.Reply) *job {
	return &job{run: func(context.Context) outcome { return outcome{reply: r} }}
}

// begin starts the job of a command, or replies why not. A refused transfer gives
// its data port back at once: a client that heard 550 never connects to it.
func (s *session) begin(row *command, arg string) {
	// Files and uploads are opened under the context of the job: a storage that
	// waits, such as one with a rate, must stop at ABOR.
	ctx, cancel := context.WithCancelCause(s.ctx)
	j, err := row.start(ctx, s, arg)
	if err != nil {
		cancel(err)
		if row.data {
			s.dropOffer()
		}
		reply := s.replyTo(err)
		s.observeNotDone(row, arg, reply, err)
		s.refuse(reply, false)
		return
	}
	s.reply(j.opening)
	j.began, j.done, j.cancel = time.Now(), make(chan outcome, 1), cancel
	j.event.Verb = row.verb
	if row.verb != "USER" && row.verb != "PASS" { // which have events of their own
		j.row, j.arg = row, arg
	}
	s.view.begins(row.verb, j.event.Path)
	s.job = j
	// Made before the goroutine: where another thread waits for the network by then,
	// a timer wakes it, and such a wake-up costs more than the timer.
	patience := time.NewTimer(listenAfter)
	defer patience.Stop()
	go func() {
		out := s.runJob(ctx, j)
		after := out.after
		j.done <- out
		if after != nil {
			after()
		}
	}()
	s.finishSoon(patience.C)
}

const (
	// soonRounds is how often others get to run before a job counts as one that waits.
	soonRounds = 4
	// listenAfter is how long a job must last to get a listener for what the client
	// sends meanwhile. A small file does without, which saves three changes of thread.
	listenAfter = 10 * time.Millisecond
)

// finishSoon waits a moment for the end of a job, and finishes it.
func (s *session) finishSoon(enough <-chan time.Time) {
	for range soonRounds { // that of most data ports does not wait at all
		runtime.Gosched()
		select {
		case out := <-s.job.done:
			s.finish(out)
			return
		default:
		}
	}
	select {
	case out := <-s.job.done:
		s.finish(out)
	case <-enough:
	case <-s.ctx.Done():
	}
}

// runJob runs a job so that its end, by itself, by cancellation or by a panic,
// is always an outcome.
func (s *session) runJob(ctx context.Context, j *job) (out outcome) {
	defer func() {
		if v := recover(); v != nil {
			out = outcome{err: s.panicked(v)}
		}
		if out.err != nil && ctx.Err() != nil {
			out.err = errors.Join(context.Cause(ctx), out.err)
		}
	}()
	return j.run(ctx)
}

// finish emits the result of the job: the one place where the order of 426 and
// 226 behind ABOR is decided (RFC 959 §4.1.3).
func (s *session) finish(out outcome) {
	job := s.job
	s.job = nil
	s.view.ends()
	job.cancel(nil)
	if job.then != nil {
		job.then(&out)
	}
	if out.resumed {
		s.hasResumed.Store(true)
	}
	reply := out.reply
	if reply.IsZero() {
		reply = s.replyTo(out.err)
	}
	if job.event.Kind != "" && (job.event.Kind != EventHash || out.err == nil) {
		job.event.Reply, job.event.Err = reply.Code, out.err
		s.observeJob(job, out)
	} else if job.row != nil {
		s.observeNotDone(job.row, job.arg, reply, out.err)
	}
	s.reply(reply)
	if s.aborting {
		s.aborting = false
		s.reply(ftp.Replyf(ftp.Code226Done, "Abort done."))
	}
	if reply.Code == ftp.Code421Closing {
		s.farewell = true
		s.end(errGone)
	}
	s.resume()
}

// observeJob tells of the end of a job that has an event.
//
//go:noinline
func (s *session) observeJob(j *job, out outcome) {
	e := &j.event
	e.Hash, e.Bytes, e.Resumed, e.Took = out.hash, out.bytes, out.resumed, time.Since(j.began)
	if e.Transfer != nil {
		e.Transfer.End, e.Transfer.Aborted = out.end, wanted(out.err)
		s.tally.transferred(e)
	}
	s.observe(*e)
}

// resume goes on after a job: with the command that waited for its end, or with
// the limits that hold between commands.
func (s *session) resume() {
	held := s.held
	s.held = nil
	switch {
	case s.ended, s.ctx.Err() != nil, s.srv.isClosed(): // step says goodbye
	case held == nil:
		s.setReadDeadline()
	default:
		s.dispatch(*held)
		if !s.ended {
			s.permit()
		}
	}
}

// finishJobQuietly ends what is left of a job when the session itself ends.
func (s *session) finishJobQuietly() {
	if s.job == nil {
		return
	}
	s.job.cancel(errGone)
	out := <-s.job.done
	if s.job.discard != nil && out.err == nil {
		s.job.discard()
	}
	if s.job.event.Kind != "" {
		s.job.event.Reply, s.job.event.Err = 0, errors.Join(errGone, out.err)
		s.observeJob(s.job, out)
	}
	s.job = nil
}
