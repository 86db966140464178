package proxy

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
)

// v2 makes a header of version 2 by hand.
func v2(command, family byte, body ...string) string {
	all := strings.Join(body, "")
	fixed := append([]byte(v2Start), command, family)
	return string(binary.BigEndian.AppendUint16(fixed, uint16(len(all)))) + all
}

const (
	v2Local, v2Proxy   = 0x20, 0x21
	tcp4, udp4, tcp6   = 0x11, 0x12, 0x21
	unspec, unixStream = 0x00, 0x31
	block4             = "\xc0\x00\x02\x07\xcb\x00\x71\x05\xc3\x50\x00\x15" // 192.0.2.7:50000 → 203.0.113.5:21
	zeros12            = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	mapped             = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"
	loopback6          = zeros12 + "\x00\x00\x00\x01"
	documentation6     = "\x20\x01\x0d\xb8" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07"
	ports50000And21    = "\xc3\x50\x00\x15"
	tlv                = "\x04\x00\x03abc" // PP2_TYPE_NOOP
	commandOfTheClient = "USER anna\r\n"
	longestV1          = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535\r\n"
)

var good = []struct{ name, header, remote, local string }{
	{"v1 IPv4", "PROXY TCP4 192.0.2.7 203.0.113.5 50000 21\r\n", "192.0.2.7:50000", "203.0.113.5:21"},
	{"v1 IPv6", "PROXY TCP6 2001:db8::7 ::1 50000 21\r\n", "[2001:db8::7]:50000", "[::1]:21"},
	{"v1 IPv4 as IPv6", "PROXY TCP6 ::ffff:192.0.2.7 ::ffff:203.0.113.5 50000 21\r\n", "192.0.2.7:50000", "203.0.113.5:21"},
	{"v1 unknown", "PROXY UNKNOWN\r\n", "", ""},
	{"v1 unknown with words", "PROXY UNKNOWN whatever 1 2\r\n", "", ""},
	{"v2 IPv4", v2(v2Proxy, tcp4, block4), "192.0.2.7:50000", "203.0.113.5:21"},
	{"v2 IPv4 and more", v2(v2Proxy, tcp4, block4, tlv), "192.0.2.7:50000", "203.0.113.5:21"},
	{"v2 IPv6", v2(v2Proxy, tcp6, documentation6, loopback6, ports50000And21), "[2001:db8::7]:50000", "[::1]:21"},
	{"v2 IPv4 as IPv6", v2(v2Proxy, tcp6, mapped, "\xc0\x00\x02\x07", mapped, "\xcb\x00\x71\x05", ports50000And21), "192.0.2.7:50000", "203.0.113.5:21"},
	{"v2 health check", v2(v2Local, unspec), "", ""},
	{"v2 health check with addresses", v2(v2Local, tcp4, block4), "", ""},
	{"v2 health check with more", v2(v2Local, unspec, tlv), "", ""},
	{"v2 with all that it may have", v2(v2Proxy, tcp4, block4, "\x04\x0f\xf1", strings.Repeat("x", maxV2-len(block4)-3)), "192.0.2.7:50000", "203.0.113.5:21"},
}

var bad = []struct{ name, header string }{
	{"nothing", ""},
	{"a command of FTP", commandOfTheClient},
	{"a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"},
	{"v1 in small letters", "proxy tcp4 192.0.2.7 203.0.113.5 50000 21\r\n"},
	{"v1 too long", longestV1[:len(longestV1)-2] + "    \r\n"},
	{"v1 endless", "PROXY UNKNOWN " + strings.Repeat("x", 1000)},
	{"v1 without CR", "PROXY TCP4 192.0.2.7 203.0.113.5 50000 21\n"},
	{"v1 too short", "PROXY \r\nUSER anna\r\n"},
	{"v1 cut", "PROXY TCP4 192.0.2.7 203.0.113.5 50000 21"},
	{"v1 UDP", "PROXY UDP4 192.0.2.7 203.0.113.5 50000 21\r\n"},
	{"v1 of the other family", "PROXY TCP4 2001:db8::7 ::1 50000 21\r\n"},
	{"v1 name", "PROXY TCP4 example.org 203.0.113.5 50000 21\r\n"},
	{"v1 zone", "PROXY TCP6 fe80::1%eth0 ::1 50000 21\r\n"},
	{"v1 port", "PROXY TCP4 192.0.2.7 203.0.113.5 65536 21\r\n"},
	{"v1 port 0", "PROXY TCP4 192.0.2.7 203.0.113.5 0 21\r\n"},
	{"v1 no host", "PROXY TCP4 0.0.0.0 203.0.113.5 50000 21\r\n"},
	{"v1 many hosts", "PROXY TCP4 224.0.0.1 203.0.113.5 50000 21\r\n"},
	{"v2 signature cut", v2Start[:11]},
	{"v2 fixed part cut", v2Start + "\x21"},
	{"v2 addresses cut", v2(v2Proxy, tcp4, block4)[:20]},
	{"v2 version 3", v2(0x31, tcp4, block4)},
	{"v2 command 2", v2(0x22, tcp4, block4)},
	{"v2 UDP", v2(v2Proxy, udp4, block4)},
	{"v2 Unix", v2(v2Proxy, unixStream, strings.Repeat("x", 216))},
	{"v2 no family", v2(v2Proxy, unspec)},
	{"v2 family 4", v2(v2Proxy, 0x41, block4)},
	{"v2 too short for its family", v2(v2Proxy, tcp6, block4)},
	{"v2 too long", v2(v2Proxy, tcp4, block4, strings.Repeat("x", maxV2-len(block4)+1))},
	{"v2 no host", v2(v2Proxy, tcp4, zeros12)},
}

// SP-15: every kind of header is understood, however it is cut into packets, and what
// comes behind it is left where it is.
func TestSP15GoodHeaders(t *testing.T) {
	parse := func(s string) netip.AddrPort {
		if s == "" {
			return netip.AddrPort{}
		}
		return netip.MustParseAddrPort(s)
	}
	for _, c := range good {
		for _, way := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.HalfReader,
		} {
			rest := strings.NewReader(c.header + commandOfTheClient)
			remote, local, err := ReadHeader(way(rest))
			if err != nil || remote != parse(c.remote) || local != parse(c.local) {
				t.Errorf("%s: %v, %v, %v", c.name, remote, local, err)
			}
			if left, _ := io.ReadAll(rest); string(left) != commandOfTheClient {
				t.Errorf("%s: left over %q", c.name, left)
			}
		}
		// And alone, with the end right behind it.
		if _, _, err := ReadHeader(strings.NewReader(c.header)); err != nil {
			t.Errorf("%s: alone: %v", c.name, err)
		}
	}
}

// SP-15: whatever else a proxy sends is refused, after a bounded number of bytes.
func TestSP15BadHeaders(t *testing.T) {
	for _, c := range bad {
		r := &counting{r: strings.NewReader(c.header)}
		if remote, local, err := ReadHeader(r); err == nil || remote.IsValid() || local.IsValid() {
			t.Errorf("%s: taken as %v, %v", c.name, remote, local)
		}
		if r.n > v2Fixed+maxV2 {
			t.Errorf("%s: read %d bytes", c.name, r.n)
		}
	}
}

// What cannot be a header is refused without waiting for more of it.
func TestSP15RefusedAtOnce(t *testing.T) {
	for _, start := range []string{"U", "PROXX", "\r\n\r\n\x00\r\nQUIX"} {
		r := io.MultiReader(strings.NewReader(start), iotest.ErrReader(io.ErrNoProgress))
		if _, _, err := ReadHeader(r); err != errNoHeader {
			t.Errorf("%q: %v", start, err)
		}
	}
}

type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// F-15.
func FuzzReadHeader(f *testing.F) {
	for _, c := range good {
		f.Add([]byte(c.header + commandOfTheClient))
	}
	for _, c := range bad {
		f.Add([]byte(c.header))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &counting{r: bytes.NewReader(b)}
		remote, local, err := ReadHeader(r)
		if r.n > v2Fixed+maxV2 {
			t.Errorf("read %d bytes", r.n)
		}
		if remote.IsValid() != local.IsValid() || err != nil && remote.IsValid() || remote.Addr().Is4In6() || local.Addr().Is4In6() {
			t.Errorf("%v, %v, %v", remote, local, err)
		}
		// What was taken is a header by itself.
		if err == nil {
			if _, _, err := ReadHeader(bytes.NewReader(b[:r.n])); err != nil {
				t.Errorf("%q: %v", b[:r.n], err)
			}
		}
	})
}
