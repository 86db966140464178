package ftpclient

import (
	"context"
	"slices"
	"sync"
	"time"
)

// probeAfter is how long a connection may have been idle to be used unasked: a
// server that has closed it meanwhile is found out by NOOP, not by a transfer.
const probeAfter = time.Second

// probeTimeout bounds that NOOP.
const probeTimeout = 5 * time.Second

// alive reports whether an idle connection still answers.
func (p *Pool) alive(ctx context.Context, idle *idleClient) bool {
	if time.Since(idle.since) < probeAfter {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return idle.client.Noop(ctx) == nil
}

// forget takes a connection off the books. The caller holds the mutex.
func (p *Pool) forget(c *Client) {
	l, ok := p.leases[c]
	if !ok {
		return
	}
	delete(p.leases, c)
	l.server.open--
	if l.server.in[l.key]--; l.server.in[l.key] == 0 {
		delete(l.server.in, l.key)
	}
	l.server.wake()
}

// drop closes a connection and makes room for another.
func (p *Pool) drop(c *Client) {
	p.mu.Lock()
	p.forget(c)
	p.mu.Unlock()
	_ = c.Close()
}

// Put gives back what Get has given; the caller must not use it any more. A Client
// that is broken, closed, in the middle of a listing, or changed by Do or Chdir is
// closed.
func (p *Pool) Put(c *Client) {
	p.mu.Lock()
	l, ok := p.leases[c]
	if ok && !c.ahead { // found out later
		l.server.lockstep = true
	}
	if !ok || p.closed || !c.unchanged() {
		p.mu.Unlock()
		p.drop(c)
		return
	}
	defer p.mu.Unlock()
	idle := &idleClient{client: c, key: l.key, since: time.Now()}
	idle.expiry = time.AfterFunc(p.opt.IdleTimeout, func() { p.expire(l.server, idle) })
	l.server.idle = append(l.server.idle, idle)
	l.server.wake()
}

// unchanged reports whether c is as it was after login.
func (c *Client) unchanged() bool {
	return c.lost() == nil && !c.busy && !c.altered && c.ctl.Buffered() == 0
}

// expire ends an idle connection, unless somebody has just taken it.
func (p *Pool) expire(s *poolServer, idle *idleClient) {
	p.mu.Lock()
	i := slices.Index(s.idle, idle)
	if i >= 0 {
		s.idle = slices.Delete(s.idle, i, i+1)
		p.forget(idle.client)
	}
	p.mu.Unlock()
	if i >= 0 {
		goodbye(idle.client)
	}
}

// quitGrace is how long servers have to answer QUIT.
const quitGrace = time.Second

// goodbye ends connections that nobody uses, as servers want it: many note a session
// without QUIT as a failure.
func goodbye(clients ...*Client) {
	ctx, cancel := context.WithTimeout(context.Background(), quitGrace)
	defer cancel()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() { _ = c.Quit(ctx) }) // it is closed in any case
	}
	all.Wait()
}

// Close ends the idle connections by QUIT, for which the servers have one second in
// all, and those in use when they are given back. Get then returns ErrClosed, also to
// those that wait.
func (p *Pool) Close() {
	goodbye(p.close()...)
}

// close gives the idle connections, which are off the books then.
func (p *Pool) close() (idle []*Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.servers {
		for _, i := range s.idle {
			i.expiry.Stop()
			p.forget(i.client)
			idle = append(idle, i.client)
		}
		s.idle = nil
		s.wake()
	}
	return idle
}
