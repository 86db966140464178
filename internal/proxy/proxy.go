// Package proxy reads the header of the PROXY protocol, versions 1 and 2, by which
// a proxy or balancer says for which client it has made a connection.
package proxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/pires/go-proxyproto"
)

const (
	// maxV1 is the longest line of version 1, its CRLF included (§2.1 of the PROXY
	// protocol).
	maxV1 = 107
	// maxV2 bounds what follows the 16 fixed bytes of version 2: two addresses and
	// what balancers add, of which certificates are the largest.
	maxV2 = 4096

	v1Start = "PROXY "
	v2Start = "\r\n\r\n\x00\r\nQUIT\n"
	v2Fixed = 16
)

var (
	errNoHeader = errors.New("proxy: no header of the PROXY protocol")
	errTooLong  = errors.New("proxy: the header is too long")
	errAddress  = errors.New("proxy: the header has no TCP address of a host")
)

// ReadHeader reads one header from r, and not one byte more: what follows belongs to
// the client. It gives the addresses of the client, and those that it connected to.
// Both are zero where the proxy speaks for itself (LOCAL), or does not know
// (UNKNOWN). Time is for the caller to bound.
func ReadHeader(r io.Reader) (remote, local netip.AddrPort, err error) {
	raw, err := cutHeader(r)
	if err != nil {
		return remote, local, err
	}
	h, err := proxyproto.Read(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return remote, local, fmt.Errorf("proxy: %w", err)
	}
	if h.Command.IsLocal() || h.TransportProtocol.IsUnspec() {
		return remote, local, nil
	}
	from, to, ok := h.TCPAddrs()
	if !ok {
		return remote, local, errAddress
	}
	remote, local = addrPort(from), addrPort(to)
	if !isHost(remote.Addr()) || !isHost(local.Addr()) || remote.Port() == 0 {
		return netip.AddrPort{}, netip.AddrPort{}, errAddress
	}
	return remote, local, nil
}

// cutHeader finds where the header ends, which the library would do by reading ahead.
func cutHeader(r io.Reader) ([]byte, error) {
	// No header is shorter than the first 12 bytes of version 2.
	raw := make([]byte, 0, v2Fixed+maxV1)
	for len(raw) < len(v2Start) {
		n, err := r.Read(raw[len(raw):len(v2Start)])
		raw = raw[:len(raw)+n]
		if !begins(raw, v1Start) && !begins(raw, v2Start) {
			return nil, errNoHeader // and do not wait for more
		}
		if err != nil && len(raw) < len(v2Start) {
			return nil, fmt.Errorf("proxy: %w", err)
		}
	}
	if begins(raw, v1Start) {
		return cutLine(r, raw)
	}
	raw, err := more(r, raw, v2Fixed-len(raw))
	if err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint16(raw[v2Fixed-2:]))
	if length > maxV2 {
		return nil, errTooLong
	}
	return more(r, raw, length)
}

// begins reports whether raw can be the beginning of a header that begins with start.
func begins(raw []byte, start string) bool {
	n := min(len(raw), len(start))
	return string(raw[:n]) == start[:n]
}

// cutLine reads on to the end of a line, byte by byte.
func cutLine(r io.Reader, raw []byte) ([]byte, error) {
	for {
		if i := bytes.IndexByte(raw, '\n'); i >= 0 && i < len(raw)-1 {
			return nil, errNoHeader // shorter than any header
		} else if i >= 0 {
			return raw, nil
		}
		if len(raw) == maxV1 {
			return nil, errTooLong
		}
		var err error
		if raw, err = more(r, raw, 1); err != nil {
			return nil, err
		}
	}
}

// more reads n bytes behind raw.
func more(r io.Reader, raw []byte, n int) ([]byte, error) {
	have := len(raw)
	raw = append(raw, make([]byte, n)...)
	if _, err := io.ReadFull(r, raw[have:]); err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return raw, nil
}

func addrPort(a *net.TCPAddr) netip.AddrPort {
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func isHost(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast()
}
