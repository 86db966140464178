package ftpserver

import (
	"context"
	"net/netip"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// firstClientPort is the lowest port that we connect to: below it are services,
// which a client could have us attack (RFC 2577 §3).
const firstClientPort = 1024

// cmdPort takes the client's port for the next transfer (RFC 959 §4.1.2).
func cmdPort(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	return s.active(arg, dataconn.ParsePORT)
}

// active is what PORT and EPRT share. Active mode is off by default; where it is
// on, only the control connection's own peer is connected to, so that the server
// cannot be used to bounce.
func (s *session) active(arg string, parse func(string) (netip.AddrPort, error)) (ftp.Reply, error) {
	switch {
	case !s.srv.Data.Active:
		return ftp.Replyf(ftp.Code502NotImplemented, "Active mode is off; use PASV or EPSV."), nil
	case s.epsvAll:
		return ftp.Replyf(ftp.Code501BadParameter, "Only EPSV is allowed after EPSV ALL."), nil // RFC 2428 §4
	}
	to, err := parse(arg)
	switch {
	case err == dataconn.ErrFamily:
		return ftp.Replyf(ftp.Code522Protocol, "Network protocol not supported, use (1,2)"), nil
	case err != nil:
		return ftp.Replyf(ftp.Code501BadParameter, "Not an address and port."), nil
	case to.Addr() != s.remote.Addr().WithZone("") || to.Port() < firstClientPort:
		return ftp.Replyf(ftp.Code504BadParameterValue, "Only the client's own address and ports from 1024 are connected to."), nil
	}
	s.dropOffers()
	request, gate := s.dataRequest()
	if s.socket != s.local {
		request.Local = netip.Addr{} // the address that the client knows is a proxy's
	}
	s.offer = &offer{Offer: dataconn.NewActive(request, netip.AddrPortFrom(s.remote.Addr(), to.Port())), gate: gate}
	return ftp.Replyf(ftp.Code200OK, "Data port set."), nil
}
