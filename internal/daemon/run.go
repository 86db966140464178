package daemon

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/ftpserver"
)

// running is a server that runs, under one set of settings after another.
type running struct {
	*lasting
	process    Process
	started    time.Time
	background context.Context // ends when the last session has
	failed     chan error      // of listeners
	reloads    chan reloadRequest
	drains     chan time.Duration
	draining   atomic.Bool
	retiring   sync.WaitGroup // daemons that have been succeeded, and the administrator's sockets
}

// run serves until ctx ends, a listener fails or all has drained.
func (d *daemon) run(ctx context.Context, p Process) error {
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{
		lasting: d.lasting,
		process: p, started: time.Now(), background: background,
		failed: make(chan error), reloads: make(chan reloadRequest), drains: make(chan time.Duration),
	}
	d.now.Store(d)
	d.start(background, nil)
	r.serveControl(d)
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		logCounts(background, d.log, d.server.DataPortCounts)
	}()
	for _, own := range d.list() {
		r.serve(own)
	}
	err := r.loop(ctx)
	return errors.Join(err, r.stop(stopBackground, counted))
}

// loop does what is asked for, until the server is to stop.
func (r *running) loop(ctx context.Context) error {
	var drained <-chan struct{}
	for {
		select {
		case err := <-r.failed:
			return err
		case <-r.process.Again:
			_ = r.reload(ctx, "signal") // it is in the log
		case own := <-r.reloads:
			own.done <- r.reload(ctx, own.actor)
		case limit := <-r.drains:
			r.draining.Store(true)
			drained = r.drain(limit) // the last word counts
		case <-drained:
			return nil
		case <-ctx.Done():
			d := r.now.Load()
			d.log.Info("stopping", "grace", d.config.Limits.Grace)
			return nil
		}
	}
}

// drainPoll is how often it is looked whether the last session has ended.
const drainPoll = 200 * time.Millisecond

// drain turns new sessions away, and closes what it returns when the others have ended, or
// after limit, if that is not 0.
func (r *running) drain(limit time.Duration) <-chan struct{} {
	d := r.now.Load()
	d.server.TurnAway(true)
	d.log.Info("draining: no new sessions; the server stops when those that are open have ended", "limit", limit)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		var end <-chan time.Time
		if limit > 0 {
			end = time.After(limit)
		}
		poll := time.NewTicker(drainPoll)
		defer poll.Stop()
		for len(d.server.Sessions()) > 0 {
			select {
			case <-poll.C:
			case <-end:
				return
			case <-r.background.Done():
				return
			}
		}
	}()
	return drained
}

// stop lets transfers finish, and gives everything back.
func (r *running) stop(stopBackground func(), counted <-chan struct{}) error {
	d := r.now.Load()
	grace, cancel := context.WithTimeout(context.WithoutCancel(r.background), d.config.Limits.Grace)
	defer cancel()
	err := d.server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		d.log.Warn("transfers were cut at the end of the grace time")
		err = nil
	}
	stopBackground()
	<-counted
	r.retiring.Wait()
	d.stopCertificates(nil)
	d.discard(nil)
	d.log.Info("stopped")
	return err
}

// serve lets the server take connections from a listener.
func (r *running) serve(own listener) {
	d := r.now.Load()
	if own.legacy {
		d.log.Warn("old and weak TLS is taken here: who is on the way can break it; let only the devices connect that need it", own.name, own.Addr().String())
	}
	go func() {
		err := d.server.ServeListener(own.Listener, d.listenerPolicy(own))
		if errors.Is(err, ftpserver.ErrServerClosed) {
			return // by a reload, or by the end
		}
		select {
		case r.failed <- err:
		case <-r.background.Done():
		}
	}()
}

func (d *daemon) listenerPolicy(own listener) ftpserver.ListenerPolicy {
	return ftpserver.ListenerPolicy{ClientCert: d.clientCert(own.clientCert), Implicit: own.implicit, Legacy: own.legacy}
}

// listenerPolicies is those of all listeners, as a reload hands them over.
func (d *daemon) listenerPolicies() map[net.Listener]ftpserver.ListenerPolicy {
	out := map[net.Listener]ftpserver.ListenerPolicy{}
	for _, own := range d.list() {
		out[own.Listener] = d.listenerPolicy(own)
	}
	return out
}
