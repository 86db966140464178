package ftpclient

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/sealane/sealane/ftp"
)

// listen opens a port for the server to connect to, and tells it. Both addresses are
// those of the control connection: another one would let the server be used against
// a third host, or a third host against us.
func (t *transfer) listen(ctx context.Context) error {
	c := t.c
	local, err := netip.ParseAddrPort(c.raw.LocalAddr().String())
	if err != nil {
		return fmt.Errorf("%w: the control connection has no usable address", ErrNetwork)
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", netip.AddrPortFrom(local.Addr(), 0).String())
	if err != nil {
		return fmt.Errorf("%w: no port for the data connection: %w", ErrNetwork, err)
	}
	t.ln = ln
	port := ln.Addr().(*net.TCPAddr).Port
	if err := c.announce(local.Addr().Unmap().WithZone(""), port); err != nil {
		t.drop()
		return err
	}
	return nil
}

// announce sends EPRT (RFC 2428 §2), or PORT if the server does not know that.
func (c *Client) announce(addr netip.Addr, port int) error {
	family := 1
	if addr.Is6() {
		family = 2
	}
	if !c.noEPRT {
		_, err := c.expect(ftp.Completion, "EPRT", fmt.Sprintf("|%d|%s|%d|", family, addr, port))
		if err == nil || !c.refused(err) || family == 2 {
			return err
		}
		c.noEPRT = true
	}
	b := addr.As4()
	_, err := c.expect(ftp.Completion, "PORT", fmt.Sprintf("%d,%d,%d,%d,%d,%d", b[0], b[1], b[2], b[3], port>>8, port&255))
	return err
}

// accept waits for the server's connection, in active mode. Others that come are
// sent away, and the waiting goes on.
func (t *transfer) accept() error {
	if t.ln == nil {
		return nil
	}
	defer t.ln.Close()
	peer, err := netip.ParseAddr(t.c.peer)
	if err != nil {
		return fmt.Errorf("%w: the server has no usable address", ErrNetwork)
	}
	if tcp, ok := t.ln.(*net.TCPListener); ok {
		if err := tcp.SetDeadline(time.Now().Add(t.c.opt.Timeout)); err != nil {
			return fmt.Errorf("%w: %w", ErrNetwork, err)
		}
	}
	for {
		raw, err := t.ln.Accept()
		if err != nil {
			return fmt.Errorf("%w: the server made no data connection: %w", ErrNetwork, err)
		}
		if from, err := netip.ParseAddrPort(raw.RemoteAddr().String()); err == nil && from.Addr().Unmap() == peer.Unmap() {
			t.take(raw)
			return nil
		}
		reset(raw)
	}
}
