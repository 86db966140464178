package ftpserver_test

import (
	"crypto/tls"
	"testing"

	"github.com/sealane/sealane/ftpserver"
)

// V-78, V-99: a ticket of a session that showed a certificate does not show it again: a control
// connection that offers one, and no certificate, is nobody, and where certificates
// are demanded it does not begin. T-09.
func TestV78TicketIsNoCertificate(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		for _, ask := range []ftpserver.ClientCert{ftpserver.ClientCertRequest, ftpserver.ClientCertRequire} {
			srv, seen := serveCerts(t, ask)
			c := enter(t, srv, version, clientCert(t, "anna"))
			c.do("USER anna", "232")
			<-seen
			control := c.tls.ClientSessionCache.(*countingCache).state
			if _, resumed := c.retr("f"); !resumed {
				t.Fatal("the ticket is worth nothing on data either")
			}
			data := c.tls.ClientSessionCache.(*countingCache).state
			for name, ticket := range map[string]*tls.ClientSessionState{"of control": control, "of data": data} {
				thief := connect(t, srv)
				thief.tls.MinVersion, thief.tls.MaxVersion = version, version
				cache := &countingCache{state: ticket}
				thief.tls.ClientSessionCache = cache
				thief.show(nil)
				thief.expect("220")
				thief.do("AUTH TLS", "234")
				s := tls.Client(thief.tcp, thief.tls)
				err := s.Handshake()
				if !cache.offered {
					t.Fatalf("a ticket %s was not offered", name)
				}
				if ask == ftpserver.ClientCertRequire {
					if err == nil { // TLS 1.3: the server judges after the client has finished
						_, err = s.Read(make([]byte, 1))
					}
					if alertOf(err) == "" {
						t.Errorf("demanded, a ticket %s: %v", name, err)
					}
					continue
				}
				if err != nil || s.ConnectionState().DidResume {
					t.Errorf("a ticket %s: resumed %t, %v", name, s.ConnectionState().DidResume, err)
				}
				thief.conn = s
				thief.r.Reset(s)
				thief.do("USER anna", "331")
				thief.do("PASS wrong", "530")
				if got := <-seen; got.Certificate != nil || got.CertificateRequired {
					t.Errorf("a ticket %s: Login saw %+v", name, got)
				}
			}
		}
	})
}

// S-12: Login is told whether the listener demands certificates, in each login of a session.
func TestLoginIsToldOfDemand(t *testing.T) {
	for ask, want := range map[ftpserver.ClientCert]bool{ftpserver.ClientCertRequest: false, ftpserver.ClientCertRequire: true} {
		srv, seen := serveCerts(t, ask)
		c := enter(t, srv, tls.VersionTLS13, clientCert(t, "bob"))
		c.do("USER carol", "331")
		c.do("PASS x", "230")
		for range 2 {
			if got := <-seen; got.CertificateRequired != want {
				t.Errorf("%v: Login saw %+v", ask, got)
			}
		}
	}
}
