package daemon

import (
	"crypto/x509"
	"encoding/base64"
	"net"
	"strings"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
)

// also opens another listener, whose own setting is own.
func (g *gate) also(own string) *gate {
	g.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	go g.d.server.ServeListener(l, ftpserver.ListenerPolicy{Implicit: true, ClientCert: g.d.clientCert(own)})
	other := *g
	other.addr = l.Addr().String()
	return &other
}

// S-12: a listener that requires certificates is not passed by one that anybody can make,
// whatever the account says; and it is the listener by which a session comes that
// decides, not another one of the same server.
func TestCertificateRequiredByListener(t *testing.T) {
	ca := newAuthority(t, "clients")
	good, bobs := ca.client(nil), ca.client(func(c *x509.Certificate) { c.Subject.CommonName = "bob" })
	stray := newAuthority(t, "unknown").client(nil)
	pin := strings.TrimPrefix(certs.PinOf(stray.Leaf).String(), "sha256/")
	if _, err := base64.StdEncoding.DecodeString(pin); err != nil {
		t.Fatal(err)
	}
	asks := newGate(t, ca.pem(), ca.crl(),
		config.Account{Name: "anna"},
		config.Account{Name: "free", Certificate: config.CertificateIgnored},
		config.Account{Name: "either", Certificate: config.CertificateEither},
		config.Account{Name: "pinned", Certificate: config.CertificateEither, Certificates: []auth.CertificateRule{{Kind: auth.CertificateKey, Value: pin}}})
	demands := asks.also(config.ClientCertRequire)
	for _, row := range []struct {
		user             string
		cert             string
		asked, demanding string
	}{
		{"anna", "good", "230", "230"}, {"anna", "bobs", "230", "530"}, {"anna", "stray", "230", "530"},
		{"free", "good", "230", "230"}, {"free", "bobs", "230", "230"}, {"free", "stray", "230", "530"},
		{"either", "good", "230", "230"}, {"either", "stray", "230", "530"},
		{"pinned", "stray", "232", "232"}, {"pinned", "good", "230", "230"},
	} {
		cert := good
		switch row.cert {
		case "bobs":
			cert = bobs
		case "stray":
			cert = stray
		}
		for g, want := range map[*gate]string{asks: row.asked, demands: row.demanding} {
			toUser, toPass := g.login(cert, row.user, "x")
			last := toUser
			if strings.HasPrefix(toUser, "331") {
				last = toPass
			}
			if !strings.HasPrefix(last, want) {
				t.Errorf("%s with %s, demanded %t: %q, want %s\n%s", row.user, row.cert, g == demands, last, want, g.log.take())
			}
		}
	}
	if toUser, toPass := asks.login(nil, "anna", "x"); !strings.HasPrefix(toPass, "230") {
		t.Errorf("none, where one is asked for: %q, %q", toUser, toPass)
	}
}
