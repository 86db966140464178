package config

import (
	"net/netip"
	"slices"
	"strings"
)

// PublicAddress is what PASV announces. The zero value is the address that the
// client knows the server by.
type PublicAddress struct {
	Addr netip.Addr // IPv4; not valid where there is a name, or nothing
	Name string     // to be looked up in DNS
}

// PublicNetwork is what PASV announces to the clients of one network.
type PublicNetwork struct {
	Network netip.Prefix
	Address PublicAddress
}

// publicSame is how the zero PublicAddress is written.
const publicSame = "same"

// ParsePublicAddress reads what PASV announces: an IPv4 address, a name in DNS, or
// "same" or nothing for the zero value. Only IPv4: RFC 2428 §3 has EPSV, the one
// reply that IPv6 clients understand, announce no address at all. The error holds a
// hint.
func ParsePublicAddress(s string) (PublicAddress, error) {
	const hint = "write the IPv4 address that clients connect to, its name in DNS, or \"same\"; IPv6 needs none"
	if s == "" || s == publicSame {
		return PublicAddress{}, nil
	}
	ip, err := netip.ParseAddr(s)
	switch {
	case err != nil && isName(s):
		return PublicAddress{Name: s}, nil
	case err != nil || !ip.Is4() || ip.IsUnspecified() || ip.IsMulticast():
		return PublicAddress{}, mistakef(hint, "%q is not an IPv4 address or name of a host", s)
	}
	return PublicAddress{Addr: ip}, nil
}

// isName takes what can be a name in DNS and nobody could take for an address.
func isName(s string) bool {
	last := s[strings.LastIndexByte(strings.TrimSuffix(s, "."), '.')+1:]
	return validHost(s, false) && strings.Trim(last, "0123456789.") != "" && !strings.Contains(s, "..") && s[0] != '.'
}

// String gives the form that ParsePublicAddress reads.
func (a PublicAddress) String() string {
	switch {
	case a.Addr.IsValid():
		return a.Addr.String()
	case a.Name != "":
		return a.Name
	}
	return publicSame
}

// ParsePublicNetwork reads "NETWORK = ADDRESS", with a network as ParseNetwork and
// an address as ParsePublicAddress has them. The error holds a hint.
func ParsePublicNetwork(s string) (PublicNetwork, error) {
	left, right, found := strings.Cut(s, "=")
	right = strings.TrimSpace(right)
	if !found || right == "" {
		return PublicNetwork{}, mistakef(`write "10.0.0.0/8 = 10.1.2.3", or "10.0.0.0/8 = same"`, "%q is not NETWORK = ADDRESS", s)
	}
	network, err := ParseNetwork(strings.TrimSpace(left))
	if err != nil {
		return PublicNetwork{}, err
	}
	address, err := ParsePublicAddress(right)
	return PublicNetwork{Network: network, Address: address}, err
}

// ParseNetwork reads "ADDRESS/BITS", or one address, of IPv4 or IPv6. The error holds
// a hint.
func ParseNetwork(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		var ip netip.Addr
		if ip, err = netip.ParseAddr(s); err == nil && ip.Zone() == "" {
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
	}
	switch {
	case !p.IsValid():
		return netip.Prefix{}, mistakef(`write "10.0.0.0/8", "2001:db8::/32", or one address`, "%q is not a network", s)
	case p.Addr().Is4In6():
		return netip.Prefix{}, mistakef("write it as a network of IPv4", "%q is IPv4 in the form of IPv6", s)
	case p != p.Masked():
		return netip.Prefix{}, mistakef("write "+p.Masked().String(), "%q is an address in a network, not the network", s)
	}
	return p, nil
}

// checkNetworks finds what was written twice.
func (c Config) checkNetworks(say func(string, error)) {
	var seen []netip.Prefix
	for _, n := range c.Data.PublicNetworks {
		if slices.Contains(seen, n.Network) {
			say("data.public_networks", mistakef("remove one of them", "%s is there twice", n.Network))
		}
		seen = append(seen, n.Network)
	}
}
