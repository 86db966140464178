package certs

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// maxNames bounds LocalNames: a machine with hundreds of container bridges must
// not make a certificate that no longer fits into a handshake packet or two.
const maxNames = 32

// LocalNames gives the names under which clients may reach this machine: its
// host name, localhost, and then, in numerical order, the loopback addresses and
// the addresses of its interfaces. Link-local addresses are left out, since a
// certificate cannot hold their zone. There are at most 32; the same machine
// state always gives the same list.
func LocalNames() []string {
	host, err := os.Hostname()
	if err != nil {
		host = "" // a machine without a name is still reached by its addresses
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		addrs = nil // some sandboxes forbid the question; loopback remains
	}
	return localNames(host, addrs)
}

func localNames(host string, addrs []net.Addr) []string {
	var names []string
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(host); err != nil && validName(host) && host != "localhost" {
		names = append(names, host)
	}
	names = append(names, "localhost")

	loopback := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}
	var ips []netip.Addr
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(n.IP)
		if ip = ip.Unmap(); ok && ip.IsGlobalUnicast() {
			ips = append(ips, ip)
		}
	}
	slices.SortFunc(ips, netip.Addr.Compare)
	ips = slices.Compact(ips)
	ips = append(loopback, ips[:min(len(ips), maxNames-len(names)-len(loopback))]...)
	slices.SortFunc(ips, netip.Addr.Compare)
	for _, ip := range ips {
		names = append(names, ip.String())
	}
	return names
}
