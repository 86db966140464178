package ftpserver

import (
	"errors"
	"fmt"
	"net"
	"slices"
)

// Succeed makes s take the place of prev, which serves, so that a program can change
// its policies while it runs. Sessions that come from then on are those of s; the ones
// that live stay with prev to their end, with all its functions, so what these use
// must outlive them (see Retired). Listeners that prev serves and that are in
// policies are served further, as policies says, and no connection to them is lost; those that
// are not in it are closed, and the ServeListener of each returns ErrServerClosed. For listeners
// that are in it and not served yet, data ports are opened; call ServeListener of s for them
// afterwards.
//
// Both have one count of sessions, one set of tickets and one end: Shutdown and Close of
// either are those of both. Data ports are the same ones where DataPolicy names the same; else those
// of prev stay open for its sessions, and s must not name any of them.
//
// s must be fresh, as it would be for Serve. After an error everything is as before, and
// s is of no further use.
func (s *Server) Succeed(prev *Server, policies map[net.Listener]ListenerPolicy) error {
	if err := prev.prepare(); err != nil {
		return err
	}
	fresh := false
	s.start.Do(func() {
		fresh = true
		s.setup = s.build(prev.hub, prev)
	})
	if !fresh {
		return errors.New("ftpserver: Succeed needs a Server that has not been used")
	}
	if s.setup != nil {
		return s.setup
	}
	gates := make(map[net.Listener]gate, len(policies))
	for l, p := range policies {
		v, err := s.viaOf(p)
		if err != nil {
			s.setup = err
			return err
		}
		gates[l] = gate{srv: s, via: v}
	}
	if s.setup = s.openBeside(prev, policies); s.setup != nil {
		return s.setup
	}
	if s.setup = s.turn(prev, gates); s.setup != nil && s.ports != prev.ports {
		s.setup = errors.Join(s.setup, s.ports.Close())
	}
	return s.setup
}

// openBeside opens the data ports of s while those of prev stay open.
func (s *Server) openBeside(prev *Server, policies map[net.Listener]ListenerPolicy) (err error) {
	if s.ports != prev.ports {
		s.mu.Lock()
		taken := slices.IndexFunc(s.hub.ports, func(p *dataPorts) bool { return p.policy.overlaps(s.Data) })
		s.mu.Unlock()
		if taken >= 0 {
			return errors.New("ftpserver: Server.Data names data ports that are in use: take others, or the same, or begin anew")
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, s.ports.Close())
			}
		}()
	}
	for l := range policies {
		if err := s.listenData(l); err != nil {
			return err
		}
	}
	return nil
}

// overlaps reports whether two policies name a port in common. Ports that the system
// chooses are nobody's.
func (d DataPolicy) overlaps(e DataPolicy) bool {
	type span struct{ from, to uint16 }
	for _, a := range []span{{d.From, d.To}, {d.FallbackFrom, d.FallbackTo}} {
		for _, b := range []span{{e.From, e.To}, {e.FallbackFrom, e.FallbackTo}} {
			if a.from != 0 && b.from != 0 && a.from <= b.to && b.from <= a.to {
				return true
			}
		}
	}
	return false
}

// turn is the one moment of the change.
func (s *Server) turn(prev *Server, gates map[net.Listener]gate) error {
	s.turning.Lock()
	defer s.turning.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrServerClosed
	case prev.succeeded:
		return errors.New("ftpserver: the Server to succeed has been succeeded already")
	}
	for l, at := range s.listeners {
		if to, kept := gates[l]; kept {
			*at = to
		} else {
			at.dropped = true
			l.Close()
		}
	}
	s.heirs = gates
	s.trustProxies()
	if s.ports == prev.ports {
		s.ports.users++
	} else {
		s.hub.ports = append(s.hub.ports, s.ports)
	}
	prev.succeeded = true
	prev.leaveLocked()
	return nil
}

// Retired is closed when another Server has succeeded s and the last session of s has
// ended: its functions are then called no more, and data ports that only it had are closed.
func (s *Server) Retired() (<-chan struct{}, error) {
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("ftpserver: nothing to retire: %w", err)
	}
	return s.retired, nil
}

// leaveLocked retires s if nobody needs it any more, and first closes data ports that
// are nobody's then. Shutdown waits for that.
func (s *Server) leaveLocked() {
	if !s.succeeded || s.users > 0 {
		return
	}
	if s.ports.users--; s.ports.users > 0 {
		close(s.retired)
		return
	}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer close(s.retired)
		if err := s.ports.Close(); err != nil {
			s.Logger.Warn("cannot close data ports that are used no more", "error", err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.past = s.past.plus(s.ports.counts())
		s.hub.ports = slices.DeleteFunc(s.hub.ports, func(p *dataPorts) bool { return p == s.ports })
	}()
}

func (h *hub) isDropped(at *gate) bool {
	h.turning.RLock()
	defer h.turning.RUnlock()
	return at.dropped
}
