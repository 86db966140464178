package ftpserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Host is a name by which clients know the server, with what is its own there (RFC
// 7151). A client chooses it by the server name of its TLS handshake (SNI), by HOST,
// or by both; they must then agree. Clients that do neither get the server as its
// other fields describe it.
type Host struct {
	// Names are those of the host, in letters, digits, hyphens and dots; a name in
	// other scripts in its ASCII form ("xn--"). Their case does not matter. The first
	// one is what auth.Credentials.Host tells Login. A name may not be in two hosts.
	Names []string
	// GetCertificate chooses the host's certificate; nil: TLSPolicy.GetCertificate.
	GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Greeting is the text of the host's 220, one line; empty: the server's.
	Greeting string
}

// virtualHost is a Host in use. The nil one is the server itself.
type virtualHost struct {
	name        string
	greeting    string
	certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error) // nil: the server's
}

var errServerName = errors.New("ftpserver: the server name of the handshake is not served, or not that of HOST")

// newHosts makes the hosts known by their names.
func (s *Server) newHosts() error {
	s.hosts = make(map[string]*virtualHost)
	for i, h := range s.Hosts {
		if len(h.Names) == 0 {
			return fmt.Errorf("ftpserver: Server.Hosts[%d] has no name", i)
		}
		v := &virtualHost{name: lowerASCII(h.Names[0]), greeting: h.Greeting}
		if h.GetCertificate != nil {
			v.certificate = s.guarded(h.GetCertificate)
		}
		for _, name := range h.Names {
			name = lowerASCII(name)
			switch {
			case !isHostName(name) || isLiteral(name):
				return fmt.Errorf("ftpserver: Server.Hosts names %q, which is no name of a host", name)
			case s.hosts[name] != nil:
				return fmt.Errorf("ftpserver: Server.Hosts names %q twice", name)
			}
			s.hosts[name] = v
		}
	}
	if s.TLS.StrictSNI && len(s.hosts) == 0 {
		return errors.New("ftpserver: Server.TLS.StrictSNI needs Server.Hosts")
	}
	return nil
}

// certificate is the GetCertificate of the control connection: it finds the host by
// the server name, and remembers what it shows. To return nothing makes crypto/tls send the alert
// unrecognized_name; that the client is told which name was wrong would be of no use,
// and the name itself is not looked at any further.
func (s *session) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if name := sentName(hello.ServerName); name != "" {
		host := s.srv.hosts[name]
		if s.srv.TLS.StrictSNI && host == nil || s.asked != "" && s.asked != name {
			s.misnamed = true
			return nil, nil
		}
		s.host = host
	}
	s.shown = s.host
	chosen, err := s.srv.certificateOf(s.shown)(hello)
	s.leaf = chosen
	return chosen, err
}

func (s *Server) certificateOf(h *virtualHost) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if h == nil || h.certificate == nil {
		return s.tickets.base.GetCertificate
	}
	return h.certificate
}

// serverName is the name that the client gave in the handshake, or "".
func (s *session) serverName() string {
	if state := s.conn.TLS(); state != nil {
		return sentName(state.ServerName)
	}
	return ""
}

// resetHost forgets HOST. What TLS has said stays true as long as there is TLS.
func (s *session) resetHost() {
	s.host, s.asked = s.srv.hosts[s.serverName()], ""
	if s.conn.TLS() == nil {
		s.shown = nil
	}
}

func (s *session) hostName() string {
	if s.host == nil {
		return ""
	}
	return s.host.name
}

func (s *session) greeting() string {
	if s.host == nil || s.host.greeting == "" {
		return "FTP server ready."
	}
	return s.host.greeting
}

// sentName makes a server name comparable. An address counts as none: it may not be
// sent (RFC 6066 §3), but is, by clients that were given one to connect to.
func sentName(name string) string {
	if isLiteral(name) {
		return ""
	}
	return lowerASCII(name)
}

func isLiteral(name string) bool {
	_, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]"))
	return err == nil
}

// lowerASCII leaves all other letters alone, unlike strings.ToLower, for which a
// Kelvin sign is a k.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// isHostName reports whether a name in lower case is that of a host: letters, digits
// and hyphens between dots (RFC 1123 §2.1); underscores are seen as well.
func isHostName(name string) bool {
	const longest, longestLabel = 253, 63
	if len(name) > longest {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > longestLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}
