package ftpserver

import (
	"context"
	"net/netip"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdHost chooses the virtual host, before login; of several the last one counts
// (RFC 7151 §3). Under TLS it must be the name that the handshake gave, if it gave
// one (§3.2.2).
func cmdHost(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	switch {
	case len(s.srv.hosts) == 0:
		return ftp.Replyf(ftp.Code502NotImplemented, "There is one host only."), nil
	case s.state == loggedIn:
		return ftp.Replyf(ftp.Code503BadSequence, "HOST comes before login."), nil
	}
	name, addr, ok := parseHost(arg)
	if !ok {
		return ftp.Replyf(ftp.Code501BadParameter, "HOST takes a name in ASCII or an address, IPv6 in brackets, and no port."), nil
	}
	host := s.srv.hosts[name]
	sent := s.serverName()
	switch {
	case addr.IsValid() && addr != s.local.Addr().Unmap().WithZone(""):
		return ftp.Replyf(ftp.Code504BadParameterValue, "That is not the address of this connection."), nil
	case !addr.IsValid() && host == nil:
		return ftp.Replyf(ftp.Code504BadParameterValue, "There is no such host here."), nil
	case sent != "" && sent != name:
		return ftp.Replyf(ftp.Code504BadParameterValue, "HOST must be the server name of the TLS handshake."), nil
	}
	s.host, s.asked = host, name
	s.show()
	return ftp.Replyf(ftp.Code220Ready, "%s", s.greeting()), nil
}

// parseHost takes the argument of HOST apart (RFC 7151 §3.1): a name, or an address,
// IPv6 in brackets. name is in the form in which all of them are compared.
func parseHost(arg string) (name string, addr netip.Addr, ok bool) {
	if inner, found := strings.CutPrefix(arg, "["); found {
		inner, closed := strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if !closed || err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", netip.Addr{}, false
		}
		addr = addr.Unmap()
		return addr.String(), addr, true
	}
	if addr, err := netip.ParseAddr(arg); err == nil && addr.Is4() {
		return arg, addr, true
	}
	name = lowerASCII(arg)
	return name, netip.Addr{}, isHostName(name)
}

// featHost lists HOST where there are virtual hosts.
func featHost(s *session) []string {
	if s.srv == nil || len(s.srv.hosts) == 0 {
		return nil
	}
	return []string{"HOST"}
}
