package ftpserver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/sealane/sealane/internal/origin"
)

// ProxyPolicy lets proxies and balancers in front of the server say for which client
// they have made a connection. Sessions, limits, events and data ports then go by the
// client's address. The zero value takes nobody's word.
type ProxyPolicy struct {
	// Trusted is the networks of the proxies. Every connection from them, to control
	// and to data ports, must begin with a header and is closed without one. On
	// connections from other addresses no header is looked for, so that nobody else
	// can pretend to be a proxy. Whoever can send from one of these networks can
	// pretend to be any client: name the proxies and no more.
	Trusted []netip.Prefix

	// ReadHeader reads the header from r, and not one byte more, since what follows
	// is the client's. It returns the address of the client and that to which it
	// connected; a remote address that is not valid means that the proxy speaks for
	// itself, as in a health check. Limits.ProxyHeader bounds its time; the bytes
	// that it takes are for it to bound. It is called from many goroutines. It is
	// required where Trusted is not empty.
	ReadHeader func(r io.Reader) (remote, local netip.AddrPort, err error)
}

// newOrigins makes what finds out where connections come from.
func (s *Server) newOrigins() error {
	p := s.Proxy
	switch {
	case len(p.Trusted) == 0:
		return nil
	case p.ReadHeader == nil:
		return errors.New("ftpserver: Server.Proxy.ReadHeader is not set")
	}
	for _, network := range p.Trusted {
		if !network.IsValid() {
			return errors.New("ftpserver: Server.Proxy.Trusted holds a network that is none")
		}
	}
	// Control and data are counted apart, so that a crowd at the one does not keep
	// proxies from the other.
	newFinder := func() *origin.Finder {
		return origin.NewFinder(p.Trusted, s.Limits.ProxyHeader, p.ReadHeader)
	}
	s.origins, s.dataOrigins = newFinder(), newFinder()
	return nil
}

// arrive begins a session as soon as it is known where its connection comes from.
// For proxies that takes a goroutine: a header that is late holds up nobody.
func (s *Server) arrive(conn net.Conn, v via) {
	if !s.enter() {
		s.turnAway(conn, v)
		return
	}
	s.origins.Find(s.accepting, conn, func(ends origin.Ends, err error) {
		defer s.running.Done()
		if err != nil {
			s.refuseProxy(ends, err)
			conn.Close()
			return
		}
		s.accept(conn, ends, v)
	})
}

// enter counts work in that Shutdown waits for, unless that has begun.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	return true
}

// refuseProxy tells of a proxy whose word is missing. Nothing is said to the proxy:
// what it expects is not known.
func (s *Server) refuseProxy(ends origin.Ends, err error) {
	if s.Observe == nil || s.accepting.Err() != nil {
		return
	}
	s.Observe(context.WithoutCancel(s.accepting), Event{
		Kind: EventRefused, Time: time.Now(), Remote: ends.Remote, Err: err,
	})
}
