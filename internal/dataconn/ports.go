package dataconn

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// ErrNoPort is returned by Offer when every port stayed taken until the
// context ended.
var ErrNoPort = errors.New("dataconn: no data port is free")

// Ports hands out passive ports, one offer per answered PASV or EPSV. How a
// port is found, shared or opened is the matter of the implementation: a
// listener per offer out of a range, or a few listeners shared by all sessions.
type Ports interface {
	// Offer reserves a port for one data connection and begins to accept on it
	// at once: curl finishes its handshake before it sends its command, FileZilla
	// connects only after the 1xx, and both must work. It waits while no port is
	// free, until ctx ends.
	Offer(ctx context.Context, r Request) (Offer, error)
	// Close ends all listening; offers that are waiting fail.
	Close() error
}

// Request says for whom an offer is.
type Request struct {
	Local netip.Addr // the control connection's own address: listen there
	Peer  netip.Addr // the control connection's peer: nobody else is accepted
	// Secure makes the TLS handshake; nil means PROT C. It is called once for
	// every candidate, each in its own goroutine, possibly at the same time.
	Secure Secure
	// Stall is the stall limit of a connection that is bound without TLS; see
	// [Plain]. With TLS the limit is what Secure gives to [Server].
	Stall time.Duration
}

// Secure turns a raw connection into a data connection whose handshake has been
// completed; [Server] does it. It must return soon after ctx ends or raw is
// closed, and must not close the offer that called it. ctx ends as soon as the
// connection has been bound or refused.
type Secure func(ctx context.Context, raw net.Conn) (*Conn, error)

// Offer is one passive port waiting for its one data connection.
type Offer interface {
	// Port is what to announce.
	Port() uint16
	// Wait blocks until a connection is bound: right address and, where TLS is
	// wanted, its handshake completed. It may be called once; whatever it
	// returns, nothing more is accepted afterwards.
	//
	// If ctx ends first the error wraps ctx's. Once a candidate has failed in
	// its handshake, before this call or during it, and no other candidate is
	// open, Wait does not sit out ctx: the error wraps ErrHandshake. When ctx
	// ends after such a failure the error wraps both. Of a closed offer the error
	// wraps net.ErrClosed.
	Wait(ctx context.Context) (*Conn, error)
	// Close gives the offer up, closes its candidates, frees the port and waits
	// until every Secure that is still running has returned. A connection that
	// Wait has returned is not touched. It may be called again.
	Close()
}
