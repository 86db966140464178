package dataconn

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// activeLinger is how long a refused connection is read on before it is closed.
const activeLinger = 2 * time.Second

// active is the offer of PORT and EPRT: we connect to the client.
type active struct {
	request Request
	to      netip.AddrPort
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// NewActive makes an offer that connects from r.Local to the client's own to when
// it is waited for. Whether to is an address that may be connected to is for the
// caller to judge, before: r.Peer is not looked at.
func NewActive(r Request, to netip.AddrPort) Offer {
	a := &active{request: r, to: to}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a
}

// Port is the client's.
func (a *active) Port() uint16 { return a.to.Port() }

// Wait connects, as Offer has it. Under TLS we are the server all the same (RFC
// 4217 §7).
func (a *active) Wait(ctx context.Context) (*Conn, error) {
	if a.ctx.Err() != nil {
		return nil, fmt.Errorf("dataconn: active connection: %w", net.ErrClosed)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.ctx, cancel)()
	// The client expects the address that it knows us by (RFC 1123 §4.1.2.12).
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.request.Local, 0))}
	raw, err := dialer.DialContext(ctx, "tcp", a.to.String())
	if err != nil {
		return nil, fmt.Errorf("dataconn: active connection: %w", err)
	}
	if a.request.Secure == nil {
		return Plain(raw, a.request.Stall), nil
	}
	conn, err := a.request.Secure(ctx, raw)
	if err != nil {
		raw.Close()
		return nil, err
	}
	if a.request.Policy == PolicyRequire && !conn.Resumed() {
		a.refuse(conn)
		return nil, ErrUnproven
	}
	return conn, nil
}

// refuse ends a connection so that the client gets to read why.
func (a *active) refuse(conn *Conn) {
	_ = conn.Finish() // it is given up either way
	a.running.Go(func() { conn.Drain(activeLinger) })
}

// Close gives up, as Offer has it.
func (a *active) Close() {
	a.cancel()
	a.running.Wait()
}
