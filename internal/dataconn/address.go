package dataconn

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// maxAddressText bounds the reply text that is searched for an address. Real
// ones are shorter than 100 bytes.
const maxAddressText = 512

// Errors of the texts of PASV and EPSV.
var (
	ErrPASV = errors.New("dataconn: no address h1,h2,h3,h4,p1,p2 in the reply to PASV")
	ErrEPSV = errors.New("dataconn: no port (|||port|) in the reply to EPSV")
)

// FormatPASV gives the address as the 227 reply has it: "h1,h2,h3,h4,p1,p2"
// (RFC 959 §4.1.2). PASV can express IPv4 only; a v4-mapped address is taken as
// the IPv4 address. Any other address, and port 0, is an error.
func FormatPASV(a netip.AddrPort) (string, error) {
	ip := a.Addr().Unmap()
	if !ip.Is4() || a.Port() == 0 {
		return "", fmt.Errorf("dataconn: %s cannot be told in a PASV reply, which knows IPv4 only", a)
	}
	h := ip.As4()
	return fmt.Sprintf("%d,%d,%d,%d,%d,%d", h[0], h[1], h[2], h[3], a.Port()>>8, a.Port()&0xff), nil
}

// ParsePASV finds the address in the text of a 227 reply. Parentheses do not
// count, digits do (RFC 1123 §4.1.2.6): it takes the first list of numbers,
// which must be six, each from 0 to 255. Single numbers before it are passed
// over. The error is ErrPASV.
//
// Use the port only: the address is the word of the server, and a client that
// follows it can be sent to any host (CVE-2020-8284). See [DialPeer].
func ParsePASV(text string) (netip.AddrPort, error) {
	if len(text) > maxAddressText {
		return netip.AddrPort{}, ErrPASV
	}
	for {
		start := strings.IndexAny(text, "0123456789")
		if start < 0 {
			return netip.AddrPort{}, ErrPASV
		}
		var list []string
		list, text = cutNumbers(text[start:])
		if len(list) == 1 {
			continue
		}
		return sixNumbers(list)
	}
}

// cutNumbers takes the longest list of decimal numbers with commas between off
// the front of text, which starts with a digit. Some servers put a space behind
// the commas.
func cutNumbers(text string) (list []string, rest string) {
	for {
		number := leadingDigits(text)
		list = append(list, number)
		rest = text[len(number):]
		next, comma := strings.CutPrefix(rest, ",")
		next = strings.TrimPrefix(next, " ")
		if !comma || leadingDigits(next) == "" {
			return list, rest
		}
		text = next
	}
}

func leadingDigits(s string) string {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return s[:i]
}

func sixNumbers(list []string) (netip.AddrPort, error) {
	if len(list) != 6 {
		return netip.AddrPort{}, ErrPASV
	}
	var b [6]byte
	for i, text := range list {
		v, err := strconv.ParseUint(text, 10, 8)
		if err != nil || len(text) > 3 {
			return netip.AddrPort{}, ErrPASV
		}
		b[i] = byte(v)
	}
	port := uint16(b[4])<<8 | uint16(b[5])
	if port == 0 {
		return netip.AddrPort{}, ErrPASV
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), port), nil
}

// FormatEPSV gives the port as the 229 reply has it: "(|||port|)" (RFC 2428 §3).
func FormatEPSV(port uint16) string { return fmt.Sprintf("(|||%d|)", port) }

// ParseEPSV finds the port in the text of a 229 reply: in parentheses, three
// times a delimiter, the port, the delimiter. The delimiter may be any character
// of ASCII 33 to 126 (RFC 2428 §3) but a digit, which could not be told from the
// port. The error is ErrEPSV.
func ParseEPSV(text string) (uint16, error) {
	if len(text) > maxAddressText {
		return 0, ErrEPSV
	}
	for {
		_, inside, found := strings.Cut(text, "(")
		if !found {
			return 0, ErrEPSV
		}
		if port, ok := delimitedPort(inside); ok {
			return port, nil
		}
		text = inside
	}
}

func delimitedPort(s string) (uint16, bool) {
	if len(s) < 6 {
		return 0, false
	}
	d := s[0]
	if d < 33 || d > 126 || '0' <= d && d <= '9' || s[1] != d || s[2] != d {
		return 0, false
	}
	digits := leadingDigits(s[3:])
	if len(digits) > 5 || !strings.HasPrefix(s[3+len(digits):], string([]byte{d, ')'})) {
		return 0, false
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	return uint16(port), err == nil && port != 0
}
