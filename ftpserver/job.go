package ftpserver

import (
	"context"
	"errors"
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
}

// replyJob is the job of a command that, for once, has its reply at once.
func replyJob(r ftp.Reply) *job {
	return &job{run: func(context.Context) outcome { return outcome{reply: r} }}
}

// begin starts the job of a command, or replies why not. A refused transfer gives
// its data port back at once: a client that heard 550 never connects to it.
func (s *session) begin(row *command, arg string) {
	j, err := row.start(s.ctx, s, arg)
	if err != nil {
		if row.data {
			s.dropOffer()
		}
		s.refuse(s.replyTo(err), false)
		return
	}
	s.reply(j.opening)
	ctx, cancel := context.WithCancelCause(s.ctx)
	j.began, j.done, j.cancel = time.Now(), make(chan outcome, 1), cancel
	j.event.Verb = row.verb
	s.job = j
	go func() { j.done <- s.runJob(ctx, j) }()
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
