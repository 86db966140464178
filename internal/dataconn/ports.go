package dataconn

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// Errors of an offer.
var (
	// ErrNoPort is wrapped when no port could be had: all stayed taken for as long
	// as the implementation waits, or until the context ended.
	ErrNoPort = errors.New("dataconn: no data port is free")
	// ErrUnproven is wrapped when a connection completed its handshake without
	// resuming a TLS session, where the policy requires that.
	ErrUnproven = errors.New("dataconn: the data connection did not resume a TLS session")
	// ErrRivals is wrapped when two connections claimed one offer and neither
	// proved to be of the session, though that has shown that it can.
	ErrRivals = errors.New("dataconn: two connections claimed one data port, and neither resumed a TLS session")
)

// Ports hands out passive ports, one offer per answered PASV or EPSV. How a
// port is found, shared or opened is the matter of the implementation: a
// listener per offer out of a range ([Exclusive]), or a few listeners shared by
// all sessions ([Shared]).
type Ports interface {
	// Offer reserves a port for one data connection and begins to accept on it
	// at once: curl finishes its handshake before it sends its command, FileZilla
	// connects only after the 1xx, and both must work. It waits while no port is
	// free, no longer than until ctx ends.
	Offer(ctx context.Context, r Request) (Offer, error)
	// Close ends all listening; offers that are waiting fail.
	Close() error
}

// PortRange is the ports From and To and those between.
type PortRange struct{ From, To uint16 }

// Policy says what a resumed TLS session means for a data connection. It has no
// meaning for one without TLS.
type Policy uint8

const (
	// PolicyAuto binds a resumed connection at once, and one that did not resume
	// at once if the session has never resumed. Else it waits a moment for a
	// resumed one, since a stranger behind the same NAT may have been faster.
	PolicyAuto Policy = iota
	// PolicyRequire refuses connections that do not resume.
	PolicyRequire
	// PolicyOff binds the first connection, resumed or not.
	PolicyOff
)

// Request says for whom an offer is.
type Request struct {
	Local netip.Addr // the address of the control connection's own socket: listen there
	Peer  netip.Addr // the control connection's client: nobody else is accepted
	// Secure makes the TLS handshake; nil means PROT C. It is called once for
	// every candidate, each in its own goroutine, possibly at the same time. That
	// the handshake resumed counts as proof that the connection is of the session's
	// account, so Secure must resume nothing else.
	Secure Secure
	Policy Policy
	// Habits is what is known of the session's client; nil: that none of its data
	// connections has resumed.
	Habits Habits
	// Stall is the stall limit of a connection that is bound without TLS; see
	// [Plain]. With TLS the limit is what Secure gives to [Server].
	Stall time.Duration
}

// Habits is what is known of how a client's data connections come, for PolicyAuto. It is
// asked, and told, from any goroutine and under locks: it must answer at once, and is told
// before the connection that was waited for is given out.
type Habits interface {
	// Grace is how long a connection that did not resume waits for one that does, where
	// the offer is so old: at most as long as the Ports itself would have it wait; 0: it
	// is bound at once.
	Grace(age time.Duration) time.Duration
	// Proven tells of a connection that did resume, and how long its handshake took
	// from the first byte on: a round trip and what the machines add.
	Proven(handshake time.Duration)
	// Waited tells how the wait of one that did not has ended: whether another
	// connection claimed the same offer.
	Waited(contested bool)
}

// Secure turns a raw connection into a data connection whose handshake has been
// completed; [Server] does it. It must return soon after ctx ends or raw is
// closed, and must not close the offer that called it. ctx ends as soon as the
// connection has been bound or refused.
type Secure func(ctx context.Context, raw net.Conn) (*Conn, error)

// OfferLife is how long an offer waits for the call of Wait, that is, an
// announced port for its transfer command.
const OfferLife = 20 * time.Second

// Offer is one passive port waiting for its one data connection. If Wait has not
// been called within OfferLife the offer lapses: it closes what has connected.
type Offer interface {
	// Port is what to announce.
	Port() uint16
	// Wait blocks until a connection is bound: right address and, where TLS is
	// wanted, its handshake completed, with the proof that the policy wants. It may
	// be called once; whatever it returns, nothing more is accepted afterwards.
	//
	// If ctx ends first the error wraps ctx's, and ErrHandshake or ErrUnproven
	// where a candidate failed for that reason. An Exclusive does not sit out ctx
	// once a candidate has failed in its handshake, before this call or during it,
	// and no other candidate is open: the port was only this client's to know. The
	// error wraps ErrRivals as soon as that is known, and ErrUnproven 2 s after a
	// candidate came without the proof that is required, if no other is in its
	// handshake by then. Of a closed or lapsed offer it
	// wraps net.ErrClosed.
	Wait(ctx context.Context) (*Conn, error)
	// Close gives the offer up, closes its candidates, frees the port at once, also
	// from the quarantine after a lapse, and waits until every Secure that is still
	// running has returned. A connection that Wait has returned is not touched. It
	// may be called again, and must be called in the end, also after Wait.
	Close()
}
