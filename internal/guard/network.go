package guard

import "net/netip"

// near is what one party can be assumed to have for its own: an IPv4 address, or
// the /64 that every IPv6 host can choose its addresses from. The zero Prefix stands
// for addresses that are none.
func near(a netip.Addr) netip.Prefix { return around(a, 32, 64) }

// wide is the network around it that one party may also have, or rent by the hour.
func wide(a netip.Addr) netip.Prefix { return around(a, 24, 48) }

func around(a netip.Addr, v4, v6 int) netip.Prefix {
	a = plain(a)
	bits := v6
	if a.Is4() {
		bits = v4
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // not an address
	}
	return p
}

// plain gives an address as it is meant: an IPv4 address that came over an IPv6
// socket is one, and a zone says only how it came.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// networks is a map whose keys are networks, of which it finds those around an
// address. The zero value is empty.
type networks[V any] struct {
	of   map[netip.Prefix]V
	bits [2][129]int // how many there are of each length; IPv4, IPv6
}

func family(p netip.Prefix) int {
	if p.Addr().Is4() {
		return 0
	}
	return 1
}

func (n *networks[V]) set(p netip.Prefix, v V) {
	if n.of == nil {
		n.of = map[netip.Prefix]V{}
	}
	if _, there := n.of[p]; !there {
		n.bits[family(p)][p.Bits()]++
	}
	n.of[p] = v
}

func (n *networks[V]) remove(p netip.Prefix) {
	if _, there := n.of[p]; there {
		n.bits[family(p)][p.Bits()]--
		delete(n.of, p)
	}
}

// around calls yield for what is said of the networks that hold a, the smallest
// first, until it returns false.
func (n *networks[V]) around(a netip.Addr, yield func(V) bool) {
	if len(n.of) == 0 || !a.IsValid() {
		return
	}
	a = plain(a)
	bits := &n.bits[1]
	if a.Is4() {
		bits = &n.bits[0]
	}
	for length := a.BitLen(); length >= 0; length-- {
		if bits[length] == 0 {
			continue
		}
		p, _ := a.Prefix(length) // its length is one of a
		if v, there := n.of[p]; there && !yield(v) {
			return
		}
	}
}

// holds reports whether a is in one of the networks.
func (n *networks[V]) holds(a netip.Addr) (found bool) {
	n.around(a, func(V) bool {
		found = true
		return false
	})
	return found
}

func setOf(list []netip.Prefix) *networks[struct{}] {
	n := &networks[struct{}]{}
	for _, p := range list {
		if p.IsValid() {
			n.set(p.Masked(), struct{}{})
		}
	}
	return n
}
