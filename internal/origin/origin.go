// Package origin says from where a connection comes, also where a proxy or a
// balancer has made it in the name of a client and says so in a header.
package origin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// maxPending is how many connections of proxies may be waiting for their header at
// one time. Proxies send it at once, so that only broken ones get there.
const maxPending = 1024

var (
	errCrowd   = errors.New("too many connections of proxies wait for their header")
	errNoProxy = errors.New("the header of the proxy is missing, late or malformed")
)

// Ends are the addresses of a connection as its client has them, v4-mapped ones as
// the IPv4 addresses that they are. Those of networks without IP addresses are zero.
type Ends struct{ Remote, Local netip.AddrPort }

// Of gives the addresses of the socket itself.
func Of(conn net.Conn) Ends {
	return Ends{Remote: AddrPort(conn.RemoteAddr()), Local: AddrPort(conn.LocalAddr())}
}

// AddrPort gives a TCP address with a v4-mapped IPv6 address unmapped, so that one
// host has one address however it connects; the zero value for other networks.
func AddrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return unmap(tcp.AddrPort())
}

func unmap(ap netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// ReadHeader reads the header with which a proxy begins a connection, and not one
// byte more. It returns the addresses that the header tells; a remote one that is
// not valid means that the proxy speaks for itself.
type ReadHeader func(r io.Reader) (remote, local netip.AddrPort, err error)

// Finder finds out where connections come from. It may be used by many goroutines
// at once. Of a nil Finder every connection is what its socket says.
type Finder struct {
	rules   atomic.Pointer[rules]
	pending atomic.Int64
}

// rules say whose word is taken.
type rules struct {
	trusted []netip.Prefix
	read    ReadHeader
	limit   time.Duration
}

// NewFinder returns a Finder that takes the word of proxies in the trusted networks,
// and of nobody else. A header has to be there limit after its connection.
func NewFinder(trusted []netip.Prefix, limit time.Duration, read ReadHeader) *Finder {
	f := &Finder{}
	f.Change(trusted, limit, read)
	return f
}

// Change makes f as if NewFinder had made it so, for connections that come from now on.
func (f *Finder) Change(trusted []netip.Prefix, limit time.Duration, read ReadHeader) {
	r := &rules{read: read, limit: limit}
	for _, p := range trusted {
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		r.trusted = append(r.trusted, p)
	}
	f.rules.Store(r)
}

// Find tells done, once, where raw comes from. That is at once, but for connections
// of trusted proxies, which are waited for in a goroutine of their own: they must
// begin with a header, or there is an error and raw is good for nothing but closing.
// When ctx ends the wait does. From other addresses no header is looked for: what
// they send is the client's.
func (f *Finder) Find(ctx context.Context, raw net.Conn, done func(Ends, error)) {
	socket := Of(raw)
	if f == nil {
		done(socket, nil)
		return
	}
	r := f.rules.Load()
	if !r.trust(socket.Remote.Addr()) {
		done(socket, nil)
		return
	}
	if f.pending.Add(1) > maxPending {
		f.pending.Add(-1)
		done(socket, errCrowd)
		return
	}
	go func() {
		defer f.pending.Add(-1)
		ends, err := r.wait(ctx, raw, socket)
		done(ends, err)
	}()
}

func (r *rules) trust(a netip.Addr) bool {
	a = a.WithZone("") // a Prefix contains no address with a zone
	for _, p := range r.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// wait reads the header. The deadline is for the whole of it, however slowly it
// drips.
func (r *rules) wait(ctx context.Context, raw net.Conn, socket Ends) (Ends, error) {
	if err := raw.SetReadDeadline(time.Now().Add(r.limit)); err != nil {
		return socket, fmt.Errorf("%w: %w", errNoProxy, err)
	}
	unhook := context.AfterFunc(ctx, func() { _ = raw.SetReadDeadline(time.Unix(1, 0)) })
	told, err := r.header(raw)
	if !unhook() {
		err = errors.Join(context.Cause(ctx), err)
	}
	if err == nil {
		err = raw.SetReadDeadline(time.Time{})
	}
	if err != nil {
		return socket, fmt.Errorf("%w: %w", errNoProxy, err)
	}
	if !told.Remote.IsValid() {
		return socket, nil
	}
	if !told.Local.IsValid() {
		told.Local = socket.Local
	}
	return Ends{Remote: unmap(told.Remote), Local: unmap(told.Local)}, nil
}

// header calls the reader, which is the code of others: its panic must not end the
// process.
func (r *rules) header(raw net.Conn) (told Ends, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic in the reader of the header: %v", v)
		}
	}()
	told.Remote, told.Local, err = r.read(onlyReader{raw})
	return told, err
}

// onlyReader hides all else that a connection can do.
type onlyReader struct{ io.Reader }
