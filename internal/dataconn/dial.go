package dataconn

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// DialPeer opens the data connection of a client: to peer, the address that the
// control connection is connected to, and to the port that the server named.
// There is no way to give it the address of a PASV reply, because a hostile or
// misconfigured server could send the client to any host (CVE-2020-8284). It is
// bounded by ctx.
func DialPeer(ctx context.Context, peer netip.Addr, port uint16) (net.Conn, error) {
	if !peer.IsValid() || port == 0 {
		return nil, fmt.Errorf("dataconn: %s port %d is no address of a data connection", peer, port)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", netip.AddrPortFrom(peer.Unmap(), port).String())
}
