package ftpserver

import (
	"context"
	"errors"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// offer is a passive port that this session was given, with its TLS side.
type offer struct {
	dataconn.Offer
	gate *dataGate
}

// takeOffer hands the pending offer to a transfer. It stays known: if its client
// does not connect in time its port is not given to others for a while, unless
// this session asks for another.
func (s *session) takeOffer() *offer {
	o := s.offer
	s.offer, s.spent = nil, o
	return o
}

// dropOffer frees the port of the pending offer.
func (s *session) dropOffer() {
	if s.offer != nil {
		s.offer.Close()
		s.offer = nil
	}
}

// dropOffers frees the port of the last transfer, too.
func (s *session) dropOffers() {
	s.dropOffer()
	if s.spent != nil {
		s.spent.Close()
		s.spent = nil
	}
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
	who := *s.identity.Load()
	r := dataconn.Request{
		Local: s.socket.Addr(), Peer: s.remote.Addr(), Stall: s.srv.Limits.Stall,
		Policy: s.srv.TLS.Resumption.policy(s.grant.Data.Resumption),
		Habits: clientHabits{session: s, client: clientID{who: who, addr: s.remote.Addr()}},
	}
	gate := &dataGate{desk: s.srv.tickets, id: s.id, who: who, via: s.via, host: s.shown, leaf: s.leaf, hasResumed: s.hasResumed.Load}
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
