package daemon

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/sealane/sealane/ftpserver"
)

// running is a server that runs, under one set of settings after another.
type running struct {
	process    Process
	now        *daemon
	background context.Context // ends when the last session has
	failed     chan error      // of listeners
	refused    int             // reloads
	retiring   sync.WaitGroup  // daemons that have been succeeded
}

// run serves until ctx ends or a listener fails.
func (d *daemon) run(ctx context.Context, p Process) error {
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{process: p, now: d, background: background, failed: make(chan error)}
	d.start(ctx, nil)
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		logCounts(background, d.log, d.server.DataPortCounts)
	}()
	for _, own := range d.list() {
		r.serve(own)
	}
	var err error
	for err == nil && ctx.Err() == nil {
		select {
		case err = <-r.failed:
		case <-p.Again:
			_ = r.reload(ctx) // it is in the log
		case <-ctx.Done():
			r.now.log.Info("stopping", "grace", r.now.config.Limits.Grace)
		}
	}
	return errors.Join(err, r.stop(stopBackground, counted))
}

// stop lets transfers finish, and gives everything back.
func (r *running) stop(stopBackground func(), counted <-chan struct{}) error {
	d := r.now
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
	d := r.now
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

// policies of all listeners, as a reload hands them over.
func (d *daemon) listenerPolicies() map[net.Listener]ftpserver.ListenerPolicy {
	out := map[net.Listener]ftpserver.ListenerPolicy{}
	for _, own := range d.list() {
		out[own.Listener] = d.listenerPolicy(own)
	}
	return out
}
