package osfs

import "sync"

// syncs lets those who need one directory synced at the same time share a sync.
// Who comes while a sync runs does not know whether it saw its change, and waits
// for the next one, together with all others who came meanwhile.
type syncs struct {
	mu   sync.Mutex
	dirs map[fileID]*syncQueue
}

type syncQueue struct {
	running *syncRound
	next    *syncRound
}

// syncRound is one sync and those who wait for it.
type syncRound struct {
	done chan struct{} // closed when err is known
	err  error
}

// do returns after a call of sync that began after do was called. The sync is
// that of any of those who share it; its failure is the failure of all, and is
// final.
func (s *syncs) do(id fileID, sync func() error) error {
	s.mu.Lock()
	q := s.dirs[id]
	if q == nil {
		q = &syncQueue{}
		if s.dirs == nil {
			s.dirs = map[fileID]*syncQueue{}
		}
		s.dirs[id] = q
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
		q.next = nil
	}
	q.running = r
	s.mu.Unlock()

	r.err = sync()

	s.mu.Lock()
	q.running = nil
	if q.next == nil {
		delete(s.dirs, id)
	}
	s.mu.Unlock()
	close(r.done)
	return r.err
}
