package dataconn

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

var (
	// ErrPORT is what ParsePORT returns for anything but six numbers.
	ErrPORT = errors.New("dataconn: not h1,h2,h3,h4,p1,p2")
	// ErrEPRT is what ParseEPRT returns for a text of another form.
	ErrEPRT = errors.New("dataconn: not |family|address|port|")
	// ErrFamily is what ParseEPRT returns for a network protocol that is neither
	// IPv4 nor IPv6.
	ErrFamily = errors.New("dataconn: unknown network protocol")
)

// ParsePORT reads the argument of PORT: six decimal numbers of 0 to 255, with
// commas and nothing else between them (RFC 959 §4.1.2).
func ParsePORT(arg string) (netip.AddrPort, error) {
	var b [6]byte
	fields := strings.Split(arg, ",")
	if len(arg) > len("255,255,255,255,255,255") || len(fields) != len(b) {
		return netip.AddrPort{}, ErrPORT
	}
	for i, field := range fields {
		n, err := strconv.ParseUint(field, 10, 8)
		if err != nil || len(field) > 3 {
			return netip.AddrPort{}, ErrPORT
		}
		b[i] = byte(n)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), uint16(b[4])<<8|uint16(b[5])), nil
}

// ParseEPRT reads the argument of EPRT (RFC 2428 §2): a delimiter of ASCII 33 to
// 126, then protocol, address and port, each ended by the delimiter. Protocol 1 is
// IPv4, 2 is IPv6. Names, zones and IPv4 addresses written as IPv6 are ErrEPRT.
func ParseEPRT(arg string) (netip.AddrPort, error) {
	if len(arg) > maxAddressText || len(arg) < 2 || arg[0] < 33 || arg[0] > 126 {
		return netip.AddrPort{}, ErrEPRT
	}
	fields := strings.Split(arg, arg[:1])
	if len(fields) != 5 || fields[0] != "" || fields[4] != "" {
		return netip.AddrPort{}, ErrEPRT
	}
	family, err := strconv.ParseUint(fields[1], 10, 16)
	if err != nil {
		return netip.AddrPort{}, ErrEPRT
	}
	if family != 1 && family != 2 {
		return netip.AddrPort{}, ErrFamily
	}
	addr, err := netip.ParseAddr(fields[2])
	if err != nil || addr.Zone() != "" || addr.Is4In6() || addr.Is4() != (family == 1) {
		return netip.AddrPort{}, ErrEPRT
	}
	port, err := strconv.ParseUint(fields[3], 10, 16)
	if err != nil {
		return netip.AddrPort{}, ErrEPRT
	}
	return netip.AddrPortFrom(addr, uint16(port)), nil
}
