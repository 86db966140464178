package ftpserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/internal/dataconn"
	"github.com/sealane/sealane/internal/origin"
)

// dataPorts are the data ports of a Server, and of those that succeed it without
// other wishes.
type dataPorts struct {
	dataconn.Ports
	shared    *dataconn.Shared    // the same, or nil in other modes
	exclusive *dataconn.Exclusive // the same in other modes, or the fallback; may be nil
	policy    DataPolicy          // by which they were made
	users     int                 // Servers; under the lock of the hub
}

// same reports whether data ports made by p would be the same.
func (d *dataPorts) same(p DataPolicy) bool {
	q := d.policy
	return q.Mode == p.Mode && q.From == p.From && q.To == p.To && q.FallbackFrom == p.FallbackFrom && q.FallbackTo == p.FallbackTo
}

// check says what is wrong with the ports of the policy.
func (d DataPolicy) check() error {
	switch {
	case d.Mode != Shared && d.Mode != Exclusive:
		return errors.New("ftpserver: Server.Data.Mode is unknown")
	case d.To < d.From:
		return errors.New("ftpserver: Server.Data.To is below Server.Data.From")
	case d.From == 0 && d.To != 0:
		return errors.New("ftpserver: Server.Data.From is 0, which is no port")
	case d.FallbackTo < d.FallbackFrom || d.FallbackFrom == 0 && d.FallbackTo != 0:
		return errors.New("ftpserver: Server.Data.FallbackFrom to FallbackTo is no range of ports")
	}
	return nil
}

// newPorts makes the data ports that the policy asks for. Shared ones are opened by
// OpenDataPorts.
func (s *Server) newPorts() error {
	d := s.Data
	if err := d.check(); err != nil {
		return err
	}
	ports := &dataPorts{policy: d, users: 1}
	if d.Mode == Exclusive || d.From == 0 {
		ports.exclusive = s.newExclusive(d.From, d.To)
		ports.Ports = ports.exclusive
		s.ports = ports
		return nil
	}
	options := dataconn.SharedOptions{Warn: s.warnOfWaits, Origins: s.dataOrigins}
	if d.FallbackFrom != 0 {
		ports.exclusive = s.newExclusive(d.FallbackFrom, d.FallbackTo)
		options.Fallback = ports.exclusive
	}
	shared, err := dataconn.OpenShared(nil, dataconn.PortRange{From: d.From, To: d.To}, options)
	if err != nil {
		return fmt.Errorf("ftpserver: Server.Data: shared ports from %d to %d are more than %d: set Mode to Exclusive, or take fewer",
			d.From, d.To, dataconn.MaxSharedPorts)
	}
	ports.Ports, ports.shared = shared, shared
	s.ports = ports
	return nil
}

func (s *Server) newExclusive(from, to uint16) *dataconn.Exclusive {
	x := dataconn.NewExclusive(from, to)
	x.Origins = s.dataOrigins
	return x
}

// OpenDataPorts opens the shared data ports on the address of l, a listener that
// Serve or ServeTLS will be called with. These do it themselves; call it before to
// learn in time that a port is taken, or to open ports below 1024 before giving
// up the right to. The ports stay open until Shutdown or Close. In other modes it
// does nothing.
func (s *Server) OpenDataPorts(l net.Listener) error {
	if err := s.prepare(); err != nil {
		return err
	}
	return s.listenData(l)
}

func (s *Server) listenData(l net.Listener) error {
	if s.ports.shared == nil {
		return nil
	}
	// A listener of another kind than TCP has no address: all addresses then.
	if err := s.ports.shared.Listen(origin.AddrPort(l.Addr()).Addr()); err != nil {
		return fmt.Errorf("ftpserver: cannot open the data ports: %w", err)
	}
	return nil
}

func (s *Server) warnOfWaits(client netip.Addr, waited time.Duration) {
	c := s.ports.shared.Counts()
	s.Logger.Warn("sessions of one address wait for data ports: raise their number",
		"client", client, "waited", waited, "from", s.Data.From, "to", s.Data.To,
		"waits", c.Waits, "longest", c.LongestWait, "refused", c.Refused)
}

// policy is what dataconn is to make of a resumed session of an account: the
// account's own policy, if it has one, goes over the server's.
func (r Resumption) policy(account auth.Resumption) dataconn.Policy {
	switch account {
	case auth.ResumptionDefault:
		switch r {
		case ResumptionAuto:
			return dataconn.PolicyAuto
		case ResumptionOff:
			return dataconn.PolicyOff
		}
	case auth.ResumptionAuto:
		return dataconn.PolicyAuto
	case auth.ResumptionOff:
		return dataconn.PolicyOff
	}
	return dataconn.PolicyRequire // also for a value that is unknown
}
