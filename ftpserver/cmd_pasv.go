package ftpserver

import (
	"context"
	"errors"
	"net/netip"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// cmdPasv offers a data port for IPv4 (RFC 959 §4.1.2).
func cmdPasv(_ context.Context, s *session, _ string) (*job, error) {
	if s.epsvAll {
		return nil, refuse(ftp.Code501BadParameter, "PASV is not allowed after EPSV ALL.") // RFC 2428 §4
	}
	addr := s.srv.Data.PublicAddress
	if !addr.IsValid() {
		addr = s.local.Addr()
	}
	if !addr.Is4() {
		return nil, refuse(ftp.Code425NoDataConn, "PASV needs IPv4; use EPSV.")
	}
	return s.offerJob(func(port uint16) (ftp.Reply, error) {
		text, err := dataconn.FormatPASV(netip.AddrPortFrom(addr, port))
		return ftp.Replyf(ftp.Code227Passive, "Entering passive mode (%s)", text), err
	}), nil
}

// offerJob gives up the earlier offer, gets a new one, and announces it. It is a
// job because it may have to wait for a port.
func (s *session) offerJob(announce func(port uint16) (ftp.Reply, error)) *job {
	s.dropOffers()
	request, gate := s.dataRequest()
	ports, limit := s.srv.ports, s.srv.Limits.Connect
	var got dataconn.Offer
	return &job{
		run: func(ctx context.Context) outcome {
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			var err error
			if got, err = ports.Offer(ctx, request); err != nil {
				return outcome{err: offerFailed(err)}
			}
			reply, err := announce(got.Port())
			if err != nil {
				got.Close()
			}
			return outcome{reply: reply, err: err}
		},
		then: func(out *outcome) {
			if out.err == nil {
				s.offer = &offer{Offer: got, gate: gate}
			}
		},
		discard: func() { got.Close() },
	}
}

// dataRequest says for whom a data connection is to be, and how it is protected.
func (s *session) dataRequest() (dataconn.Request, *dataGate) {
	r := dataconn.Request{
		Local: s.local.Addr(), Peer: s.remote.Addr(), Stall: s.srv.Limits.Stall,
		Policy: s.srv.TLS.Resumption.policy(), HasResumed: s.hasResumed.Load,
	}
	gate := &dataGate{desk: s.srv.tickets, id: s.id, account: s.grant.Account}
	if s.prot == protPrivate {
		r.Secure = gate.secure
	}
	return r, gate
}

func offerFailed(err error) error {
	if errors.Is(err, dataconn.ErrNoPort) {
		return refuse(ftp.Code425NoDataConn, "No data port is free; try again later.")
	}
	return err
}
