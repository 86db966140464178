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

// check says what is wrong with the policy.
func (p ProxyPolicy) check() error {
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
	return nil
}

// trustProxies makes the policy that of all connections to come.
func (s *Server) trustProxies() {
	p := s.Proxy
	s.origins.Change(p.Trusted, s.Limits.ProxyHeader, p.ReadHeader)
	s.dataOrigins.Change(p.Trusted, s.Limits.ProxyHeader, p.ReadHeader)
}

// arrive begins a session as soon as it is known where its connection comes from.
// For proxies that takes a goroutine: a header that is late holds up nobody.
func (h *hub) arrive(conn net.Conn, at *gate) {
	if !h.enter() {
		h.turning.RLock()
		defer h.turning.RUnlock()
		at.srv.turnAway(conn, at.via)
		return
	}
	h.origins.Find(h.accepting, conn, func(ends origin.Ends, err error) {
		defer h.running.Done()
		h.turning.RLock()
		defer h.turning.RUnlock()
		switch {
		case err != nil:
			at.srv.refuseProxy(ends, err)
			conn.Close()
		case at.dropped:
			conn.Close()
		default:
			at.srv.accept(conn, ends, at.via)
		}
	})
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
