package dataconn

import (
	"context"
	"net"
	"sync"

	"github.com/sealane/sealane/internal/origin"
)

// exclusiveOffer is one listener and the candidates that it brings.
type exclusiveOffer struct {
	ports      *Exclusive
	listener   *net.TCPListener
	port       uint16
	candidates *candidates
	arriving   sync.WaitGroup // of whom it is not known yet where they come from
	ended      chan struct{}  // closed as the last act of the last goroutine
	atRest     bool           // under ports.mu
}

func newExclusiveOffer(ctx context.Context, x *Exclusive, r Request, listener *net.TCPListener, l *lane) *exclusiveOffer {
	o := &exclusiveOffer{ports: x, listener: listener, port: portOf(listener), ended: make(chan struct{})}
	o.candidates = newCandidates(ctx, r, x.terms, &x.count, func(bool) {
		// First the listener: whatever waits in its queue is reset by the kernel,
		// and whoever connects later is refused (S-56).
		_ = listener.Close()
		x.leave(r.Local, l, o.port)
	})
	go func() {
		// From the offer on, not from Wait: clients connect early.
		accept(listener, o.candidates.ctx.Done(), o.arrived)
		o.arriving.Wait()
		o.candidates.running.Wait()
		o.tidy(true)
		close(o.ended)
	}()
	return o
}

// arrived makes a candidate of a connection as soon as it is known where it comes
// from.
func (o *exclusiveOffer) arrived(raw net.Conn) {
	o.arriving.Add(1)
	o.ports.Origins.Find(o.candidates.ctx, raw, func(ends origin.Ends, err error) {
		defer o.arriving.Done()
		if err != nil {
			o.ports.count.turnAway(raw, err)
			return
		}
		o.candidates.add(raw, ends.Remote.Addr())
	})
}

// Port is the port of the listener.
func (o *exclusiveOffer) Port() uint16 { return o.port }

// Wait waits for the data connection, as Offer has it.
func (o *exclusiveOffer) Wait(ctx context.Context) (*Conn, error) {
	defer o.tidy(false)
	return o.candidates.wait(ctx)
}

// Close gives up, as Offer has it.
func (o *exclusiveOffer) Close() {
	o.candidates.close(false)
	<-o.ended
	o.tidy(false)
}

// tidy makes the ports forget the offer once its candidates have come to rest
// and no bound connection waits to be fetched. Whatever changes one of the two
// calls it afterwards.
func (o *exclusiveOffer) tidy(atRest bool) {
	o.ports.mu.Lock()
	defer o.ports.mu.Unlock()
	o.atRest = o.atRest || atRest
	if o.atRest && !o.candidates.unclaimed() {
		delete(o.ports.offers, o)
	}
}
