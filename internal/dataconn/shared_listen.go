package dataconn

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Listen opens the ports on one more address of this machine, or finds that it
// has. The zero Addr, and "::", mean all addresses, of IPv6 and IPv4 where the
// system can do both with one listener; 0.0.0.0 means all of IPv4. If one port
// cannot be opened none is.
func (s *Shared) Listen(host netip.Addr) error {
	host = host.Unmap()
	if host == netip.IPv6Unspecified() {
		host = netip.Addr{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errPortsClosed
	case s.covered(host):
		return nil
	}
	// A listener on all addresses cannot be opened beside one of them. Slots do not
	// care which listener a connection comes from, so the change harms no offer.
	replaced := s.coveredBy(host)
	for _, narrow := range replaced {
		for _, l := range s.listeners[narrow] {
			_ = l.Close()
		}
		delete(s.listeners, narrow)
	}
	opened, err := openAll(host, s.ports)
	if err != nil {
		return err
	}
	s.listeners[host] = opened
	for _, l := range opened {
		s.serve(l)
	}
	return nil
}

// covered reports whether what arrives for host finds a listener; s.mu is held.
func (s *Shared) covered(host netip.Addr) bool {
	_, same := s.listeners[host]
	_, all := s.listeners[netip.Addr{}]
	_, all4 := s.listeners[netip.IPv4Unspecified()]
	return same || all || all4 && host.Is4()
}

// coveredBy gives the hosts that host makes needless; s.mu is held.
func (s *Shared) coveredBy(host netip.Addr) []netip.Addr {
	var hosts []netip.Addr
	for other := range s.listeners {
		if !host.IsValid() || host == netip.IPv4Unspecified() && other.Is4() {
			hosts = append(hosts, other)
		}
	}
	return hosts
}

func openAll(host netip.Addr, ports []uint16) ([]net.Listener, error) {
	network, name := "tcp", ""
	if host.IsValid() {
		name = host.String()
		network = "tcp6"
		if host.Is4() {
			network = "tcp4"
		}
	}
	var opened []net.Listener
	for _, port := range ports {
		l, err := net.Listen(network, net.JoinHostPort(name, strconv.Itoa(int(port))))
		if err != nil {
			for _, l := range opened {
				_ = l.Close()
			}
			return nil, fmt.Errorf("dataconn: data port %d: %w", port, err)
		}
		opened = append(opened, l)
	}
	return opened, nil
}

// serve accepts from a listener until that is closed.
func (s *Shared) serve(l net.Listener) {
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	s.accepting.Go(func() {
		accept(l, s.done, func(raw net.Conn) { s.arrived(port, raw) })
	})
}
