package dataconn

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

const (
	// maxQueue is how many offers of one address may wait for a port.
	maxQueue = 64
	// maxWarned bounds the memory for addresses that were warned of.
	maxWarned = 1024
)

// reserve makes o the owner of a slot of its client.
func (s *Shared) reserve(ctx context.Context, o *sharedOffer) error {
	client := o.slot.client
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errPortsClosed
	}
	// A free port means that nobody waits: whoever frees one gives it on.
	if port, ok := s.freePort(client); ok {
		s.give(o, port)
		s.mu.Unlock()
		return nil
	}
	hope := s.hope(client)
	if hope <= 0 || len(s.queues[client]) >= maxQueue {
		s.mu.Unlock()
		return ErrNoPort
	}
	s.queues[client] = append(s.queues[client], o)
	s.mu.Unlock()

	began := time.Now()
	err := s.queue(ctx, o, hope)
	s.waited(client, time.Since(began))
	return err
}

// queue waits until o is given a slot, or there is no point in waiting any more.
func (s *Shared) queue(ctx context.Context, o *sharedOffer, hope time.Duration) error {
	patience := s.options.Wait
	if s.options.Fallback != nil {
		patience = s.options.FallbackWait
	}
	limit, aged := time.NewTimer(patience), time.NewTimer(hope)
	defer limit.Stop()
	defer aged.Stop()
	for {
		err := ErrNoPort
		select {
		case <-o.given:
			return nil
		case <-aged.C:
			s.mu.Lock()
			hope := s.hope(o.slot.client)
			s.mu.Unlock()
			if hope > 0 {
				aged.Reset(hope)
				continue
			}
		case <-limit.C:
		case <-ctx.Done():
			err = fmt.Errorf("%w: %w", ErrNoPort, ctx.Err())
		case <-s.done:
			err = errPortsClosed
		}
		if s.withdraw(o, err == ErrNoPort) {
			return nil
		}
		return err
	}
}

// withdraw takes o out of the queue. If it was given a slot in the same moment it
// may keep that, and withdraw says so.
func (s *Shared) withdraw(o *sharedOffer, keep bool) (kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	client := o.slot.client
	if i := slices.Index(s.queues[client], o); i >= 0 {
		s.setQueue(client, slices.Delete(s.queues[client], i, i+1))
		return false
	}
	if !keep {
		s.free(o)
	}
	return keep
}

func (s *Shared) setQueue(client netip.Addr, queue []*sharedOffer) {
	if len(queue) == 0 {
		delete(s.queues, client)
	} else {
		s.queues[client] = queue
	}
}

// freePort finds a port that has no owner for the client. It begins one further
// every time, so that a port rests before it is announced again. s.mu is held.
func (s *Shared) freePort(client netip.Addr) (uint16, bool) {
	start := s.next
	s.next = (s.next + 1) % len(s.ports)
	for i := range s.ports {
		port := s.ports[(start+i)%len(s.ports)]
		if s.owners[slot{port, client}] == nil {
			return port, true
		}
	}
	return 0, false
}

// hope is how long it is to be expected yet that an owner of the client gives its
// slot back soon: until the youngest has come of age. s.mu is held.
func (s *Shared) hope(client netip.Addr) time.Duration {
	var longest time.Duration
	for _, port := range s.ports {
		if o := s.owners[slot{port, client}]; o != nil && o.quarantine == nil {
			longest = max(longest, s.options.OwnerAge-time.Since(o.made))
		}
	}
	return longest
}

// give makes o the owner of a slot that has none; s.mu is held.
func (s *Shared) give(o *sharedOffer, port uint16) {
	o.slot.port, o.made = port, time.Now()
	s.owners[o.slot] = o
	close(o.given)
}

// free takes the slot from o, if that still has it, and gives it to the first who
// waits; s.mu is held.
func (s *Shared) free(o *sharedOffer) {
	if s.owners[o.slot] != o {
		return
	}
	delete(s.owners, o.slot)
	o.quarantine.stop()
	if queue := s.queues[o.slot.client]; len(queue) > 0 && !s.closed {
		s.setQueue(o.slot.client, queue[1:])
		s.give(queue[0], o.slot.port)
	}
}

// waited counts a wait, and warns of one that was too long.
func (s *Shared) waited(client netip.Addr, d time.Duration) {
	s.mu.Lock()
	s.waits.Waits++
	s.waits.Waited += d
	s.waits.LongestWait = max(s.waits.LongestWait, d)
	bucket, bounds := 0, WaitBounds()
	for bucket < len(bounds) && d > bounds[bucket] {
		bucket++
	}
	s.waits.WaitBuckets[bucket]++
	_, told := s.warned[client]
	warn := s.options.Warn != nil && d > s.options.WarnAfter && !told && len(s.warned) < maxWarned
	if warn {
		s.warned[client] = struct{}{}
	}
	s.mu.Unlock()
	if warn {
		s.options.Warn(client, d)
	}
}
