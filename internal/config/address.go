package config

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Listen says where to listen for one kind of connection. The zero value leaves
// the choice to the server.
type Listen struct {
	Set  bool   // false: the server chooses
	Off  bool   // do not listen at all
	Host string // a name or an address without brackets; empty: every address
	Port uint16 // 0: any free port
}

// ParseListen reads "[HOST]:PORT", "off", or nothing for the zero value. An IPv6
// address stands in brackets. The error holds a hint.
func ParseListen(s string) (Listen, error) {
	switch s {
	case "":
		return Listen{}, nil
	case "off":
		return Listen{Set: true, Off: true}, nil
	}
	const hint = `write ":2121" for every address, "192.0.2.1:2121" or "[2001:db8::1]:2121" for one, or "off"`
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Listen{}, mistakef(hint, "%q is not HOST:PORT", s)
	}
	n, err := parsePort(port, 0)
	if err != nil {
		return Listen{}, err
	}
	if !validHost(host, strings.HasPrefix(s, "[")) {
		return Listen{}, mistakef(hint, "%q is not a host name or an IP address", host)
	}
	return Listen{Set: true, Host: host, Port: n}, nil
}

// parseLegacyListen is ParseListen for a listener that nobody may open to every address
// by oversight: the host must be named.
func parseLegacyListen(s string) (Listen, error) {
	l, err := ParseListen(s)
	if err == nil && l.Set && !l.Off && l.Host == "" {
		return Listen{}, mistakef(`write the address of the network of these devices, as in "192.0.2.1:2122"`, "%q listens on every address, and weak TLS must not by oversight", s)
	}
	return l, err
}

// validHost takes what is an address, or could be a name in DNS or a hosts file;
// brackets are for IPv6 only.
func validHost(host string, brackets bool) bool {
	if ip, err := netip.ParseAddr(host); err == nil || brackets {
		return err == nil && ip.Is6() == brackets
	}
	for i := range len(host) {
		c := host[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && !('0' <= c && c <= '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return len(host) <= 253
}

// String gives the form that ParseListen reads.
func (l Listen) String() string {
	switch {
	case !l.Set:
		return ""
	case l.Off:
		return "off"
	}
	return net.JoinHostPort(l.Host, strconv.Itoa(int(l.Port)))
}

// PortRange is the ports From to To, both included.
type PortRange struct{ From, To uint16 }

// ParsePortRange reads "PORT" or "FROM-TO", from 1 to 65535. The error holds a
// hint.
func ParsePortRange(s string) (PortRange, error) {
	const hint = `write "2991-2998", or "2991" for one port`
	if s == "" {
		return PortRange{}, mistakef(hint, "no port is given")
	}
	from, to, isRange := strings.Cut(s, "-")
	if !isRange {
		to = from
	}
	var r PortRange
	var err error
	if r.From, err = parsePort(from, 1); err != nil {
		return PortRange{}, err
	}
	if r.To, err = parsePort(to, 1); err != nil {
		return PortRange{}, err
	}
	if r.From > r.To {
		return PortRange{}, mistakef("write the lower port first", "the range %s is empty", s)
	}
	return r, nil
}

// String gives the form that ParsePortRange reads.
func (r PortRange) String() string {
	if r.From == r.To {
		return strconv.Itoa(int(r.From))
	}
	return strconv.Itoa(int(r.From)) + "-" + strconv.Itoa(int(r.To))
}

// Len is the number of ports.
func (r PortRange) Len() int { return int(r.To) - int(r.From) + 1 }

// Contains reports whether port is in the range.
func (r PortRange) Contains(port uint16) bool { return r.From <= port && port <= r.To }

func parsePort(s string, least uint64) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n < least {
		return 0, mistakef("write digits only, without spaces", "%q is not a port from %d to 65535", s, least)
	}
	return uint16(n), nil
}

// ParseMode reads "shared" or "exclusive". The error holds a hint.
func ParseMode(s string) (string, error) { return oneOf(s, ModeShared, ModeExclusive) }

// ParseResumption reads "auto", "require" or "off". The error holds a hint.
func ParseResumption(s string) (string, error) {
	return oneOf(s, ResumptionAuto, ResumptionRequire, ResumptionOff)
}

func oneOf(s string, choice ...string) (string, error) {
	if !slices.Contains(choice, s) {
		return "", mistakef("one of "+strings.Join(choice, ", "), "%q is not known here", s)
	}
	return s, nil
}
