package dataconn

import (
	"context"
	"time"
)

// sharedOffer owns a slot from when it is given until it is bound or closed, or
// its quarantine ends.
type sharedOffer struct {
	ports *Shared
	given chan struct{} // closed when it owns its slot
	slot  slot          // the port is set before given is closed

	// Under Shared.mu:
	made       time.Time
	candidates *candidates // nil until the offer is open; set once
	quarantine *alarm      // not nil: nobody is let in, and the port is not given to others
}

// open begins to let candidates in. What arrived before cannot have been for o:
// its port has not been announced. It reports false after Close.
func (s *Shared) open(ctx context.Context, o *sharedOffer, r Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.free(o)
		return false
	}
	s.offers[o] = struct{}{}
	o.candidates = newCandidates(ctx, r, s.terms, &s.count, func(lapsed bool) { s.settle(o, lapsed) })
	return true
}

// settle frees the slot of an offer that wants nothing more, or sets it under
// quarantine: the client knows the port, and a connection that comes late must not
// meet the offer of another session.
func (s *Shared) settle(o *sharedOffer, lapsed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !lapsed || s.closed {
		s.free(o)
		return
	}
	s.waits.Lapses++
	delete(s.offers, o)
	o.quarantine = newAlarm(&s.alarms, s.options.Quarantine, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.free(o)
	})
}

func (s *Shared) forget(o *sharedOffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.offers, o)
}

// Port is the shared port.
func (o *sharedOffer) Port() uint16 { return o.slot.port }

// Wait waits for the data connection, as Offer has it.
func (o *sharedOffer) Wait(ctx context.Context) (*Conn, error) {
	defer o.ports.forget(o)
	return o.candidates.wait(ctx)
}

// Close gives up, as Offer has it.
func (o *sharedOffer) Close() {
	o.candidates.close(false)
	o.candidates.running.Wait()
	s := o.ports
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free(o)
	delete(s.offers, o)
}
