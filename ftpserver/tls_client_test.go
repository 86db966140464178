package ftpserver_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// clientCert is a certificate of a client, whose only name is who it is.
func clientCert(t *testing.T, name string) *tls.Certificate {
	t.Helper()
	certPEM, keyPEM, err := certs.SelfSigned(certs.Options{Hosts: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return &pair
}

var errNobody = errors.New("nobody vouches for it")

// serveCerts is a server that asks for certificates and believes all but that of
// "forger". anna logs in by hers alone; everybody has the password "x".
func serveCerts(t *testing.T, ask ftpserver.ClientCert) (*ftptest.Server, chan auth.Credentials) {
	t.Helper()
	tree := memfs.From(map[string]string{"/f": "data"})
	seen := make(chan auth.Credentials, 16)
	srv := ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
		s.TLS.ClientCert = ask
		s.TLS.VerifyClient = func(chain []*x509.Certificate) error {
			if chain[0].DNSNames[0] == "forger" {
				return errNobody
			}
			return nil
		}
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			seen <- c
			named := c.Certificate != nil && c.CertificateErr == nil && c.Certificate.DNSNames[0] == c.User
			switch {
			case c.NoPassword && named && c.User == "anna", !c.NoPassword && c.Password == "x":
				return &auth.Grant{Account: c.User, FS: tree}, nil
			case c.NoPassword:
				return nil, fmt.Errorf("%w: not anna", auth.ErrPassword)
			}
			return nil, fmt.Errorf("%w: wrong password", auth.ErrDenied)
		}
	})
	t.Cleanup(srv.Close)
	return srv, seen
}

// enter shakes hands with the certificate, if there is one.
func enter(t *testing.T, srv *ftptest.Server, version uint16, cert *tls.Certificate) *rawClient {
	t.Helper()
	c := connect(t, srv)
	c.tls.MinVersion, c.tls.MaxVersion = version, version
	c.tls.ClientSessionCache = &countingCache{}
	c.show(cert)
	c.authTLS()
	c.do("PBSZ 0", "200")
	c.do("PROT P", "200")
	return c
}

// show is the certificate of the handshakes to come.
func (c *rawClient) show(cert *tls.Certificate) {
	c.tls.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if cert == nil {
			return &tls.Certificate{}, nil
		}
		return cert, nil
	}
}

// the certificate alone logs in with 232, PASS is then 202; USER is sent
// with a certificate, too; and who is not who USER says is asked for a password as
// anybody is.
func TestLoginByCertificate(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		srv, seen := serveCerts(t, ftpserver.ClientCertRequest)
		anna, forger := clientCert(t, "anna"), clientCert(t, "forger")
		c := enter(t, srv, version, anna)
		c.do("USER bob", "331") // the certificate of another
		<-seen
		c.do("USER anna", "232")
		if got := <-seen; !got.NoPassword || got.Certificate == nil || got.CertificateErr != nil {
			t.Errorf("Login saw %+v", got)
		}
		c.do("PASS anything", "202")
		if got, resumed := c.retr("f"); got != "data" || !resumed {
			t.Errorf("got %q, resumed %t", got, resumed)
		}
		c.do("USER anna", "232") // a new login is no password login either
		<-seen
		c.do("USER bob", "331")
		<-seen
		c.do("PASS x", "230")
		if got := <-seen; got.NoPassword || got.Certificate == nil {
			t.Errorf("Login saw %+v", got)
		}
		c.do("PASS x", "503")

		c = enter(t, srv, version, forger)
		c.do("USER anna", "331")
		if got := <-seen; !got.NoPassword || !errors.Is(got.CertificateErr, errNobody) {
			t.Errorf("Login saw %+v", got) // it may know the key
		}
		c.do("PASS wrong", "530 Login incorrect.")
		if got := <-seen; !errors.Is(got.CertificateErr, errNobody) || got.Certificate == nil {
			t.Errorf("Login saw %+v", got)
		}
		c = enter(t, srv, version, nil)
		c.do("USER anna", "331")
		c.do("PASS x", "230")
		if got := <-seen; got.Certificate != nil || got.CertificateErr != nil {
			t.Errorf("Login saw %+v", got)
		}
		if got, _ := c.retr("f"); got != "data" {
			t.Errorf("without a certificate on either: %q", got)
		}
	})
}

// T-09, R-139, V-78, V-99: a data connection that shows another certificate than the
// control connection, or none, or one where that has none, gets nothing; one that
// resumes is who the ticket says.
func TestT09SameClientOnData(t *testing.T) {
	srv, _ := serveCerts(t, ftpserver.ClientCertRequest)
	tlsVersions(t, func(t *testing.T, version uint16) {
		anna, bob := clientCert(t, "anna"), clientCert(t, "bob")
		for _, tc := range []struct {
			name          string
			control, data *tls.Certificate
		}{{"another", anna, bob}, {"none on data", anna, nil}, {"none on control", nil, bob}} {
			t.Run(tc.name, func(t *testing.T) {
				c := enter(t, srv, version, tc.control)
				own := c.tls.ClientSessionCache
				c.do("USER carol", "331")
				c.do("PASS x", "230")
				c.show(tc.data)
				c.tls.ClientSessionCache = &countingCache{} // a full handshake
				addr := c.epsv()
				c.do("RETR f", "150")
				tcp := c.dialData(addr)
				s := tls.Client(tcp, c.tls)
				if s.Handshake() == nil {
					if b, _ := io.ReadAll(s); len(b) > 0 {
						t.Errorf("got %q", b)
					}
				}
				tcp.Close()
				c.expect("522")
				c.tls.ClientSessionCache = own // its own ticket brings its own certificate
				if got, resumed := c.retr("f"); got != "data" || !resumed {
					t.Errorf("got %q, resumed %t", got, resumed)
				}
			})
		}
	})
}

// T-02: the ticket of a session of the same account with another client certificate is
// a stranger's.
func TestT02TicketOfAnotherCertificate(t *testing.T) {
	srv, _ := serveCerts(t, ftpserver.ClientCertRequest)
	tlsVersions(t, func(t *testing.T, version uint16) {
		mine, other := enter(t, srv, version, clientCert(t, "a")), enter(t, srv, version, clientCert(t, "b"))
		for _, c := range []*rawClient{mine, other} {
			c.do("USER carol", "331")
			c.do("PASS x", "230")
		}
		mine.tls.ClientSessionCache = &countingCache{state: other.tls.ClientSessionCache.(*countingCache).state}
		if got, resumed := mine.retr("f"); got != "data" || resumed {
			t.Errorf("got %q, resumed %t: want the file by a full handshake", got, resumed)
		}
	})
}

// S-12: where certificates are demanded, no session begins without one.
func TestClientCertRequired(t *testing.T) {
	srv, _ := serveCerts(t, ftpserver.ClientCertRequire)
	tlsVersions(t, func(t *testing.T, version uint16) {
		c := connect(t, srv)
		c.tls.MinVersion, c.tls.MaxVersion = version, version
		c.expect("220")
		c.do("AUTH TLS", "234")
		s := tls.Client(c.tcp, c.tls)
		err := s.Handshake()
		if err == nil { // TLS 1.3: the server judges after the client has finished
			_, err = s.Read(make([]byte, 1))
		}
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("got %v, want an alert", err)
		}
		c = enter(t, srv, version, clientCert(t, "anna"))
		c.do("USER anna", "232")
		if got, _ := c.retr("f"); got != "data" {
			t.Errorf("got %q", got)
		}
	})
}

func TestClientCertNeedsVerifier(t *testing.T) {
	s := &ftpserver.Server{
		Login: func(context.Context, auth.Credentials) (*auth.Grant, error) { return nil, auth.ErrDenied },
		TLS:   ftpserver.TLSPolicy{ClientCert: ftpserver.ClientCertRequest, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }},
	}
	if err := s.OpenDataPorts(nil); err == nil {
		t.Error("a server that would believe every certificate was started")
	}
}
