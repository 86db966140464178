package osfs

import "sync"

// syncs lets those who need one directory synced at the same time share a sync.
// Who comes while a sync runs does not know whether it saw its change, and waits
// for the next one, together with all others who came meanwhile.
//
// A sync that fails is final: the system may have dropped what it could not write
// and have the next sync succeed without it. So every change that began before the
// failure is refused, also one whose own sync would come later.
type syncs struct {
	mu   sync.Mutex
	dirs map[fileID]*syncQueue // those in which changes are being made
}

type syncQueue struct {
	changes  int // that have begun and not ended
	failures int
	err      error // of the last failure
	running  *syncRound
	next     *syncRound
}

// syncRound is one sync and those who wait for it.
type syncRound struct {
	done chan struct{} // closed when err is known
	err  error
}

// change is one in a directory, from before it is made until it is ended. A nil
// one is for an account that is promised nothing: it never syncs.
type change struct {
	syncs    *syncs
	id       fileID
	queue    *syncQueue
	failures int // there were when it began
	call     func() error
}

// begin must come before the change is made; call is the sync of the directory.
func (s *syncs) begin(id fileID, call func() error) *change {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.dirs[id]
	if q == nil {
		q = &syncQueue{}
		if s.dirs == nil {
			s.dirs = map[fileID]*syncQueue{}
		}
		s.dirs[id] = q
	}
	q.changes++
	return &change{s, id, q, q.failures, call}
}

// end must be called once, however the change went.
func (c *change) end() {
	if c == nil {
		return
	}
	c.syncs.mu.Lock()
	defer c.syncs.mu.Unlock()
	if c.queue.changes--; c.queue.changes == 0 {
		delete(c.syncs.dirs, c.id) // nobody is left whom a failure would concern
	}
}

// sync returns nil after a sync that began after sync was called, if none has
// failed since the change began. The sync is that of any of those who share it.
func (c *change) sync() error {
	if c == nil {
		return nil
	}
	s, q := c.syncs, c.queue
	s.mu.Lock()
	if q.failures != c.failures {
		defer s.mu.Unlock()
		return q.err
	}
	if r := q.next; r != nil {
		s.mu.Unlock()
		<-r.done
		return r.err
	}
	r := &syncRound{done: make(chan struct{})}
	if before := q.running; before != nil {
		q.next = r
		s.mu.Unlock()
		<-before.done
		s.mu.Lock()
		if q.next != r { // the one before has failed, and this one with it
			s.mu.Unlock()
			return r.err
		}
		q.next = nil
	}
	q.running = r
	s.mu.Unlock()

	r.err = c.call()

	s.mu.Lock()
	defer s.mu.Unlock()
	q.running = nil
	if r.err != nil {
		q.fail(r.err)
	}
	close(r.done)
	return r.err
}

// fail refuses all who have begun; it needs the lock.
func (q *syncQueue) fail(err error) {
	q.failures++
	q.err = err
	if r := q.next; r != nil {
		q.next, r.err = nil, err
		close(r.done)
	}
}
