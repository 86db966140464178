package ftpserver_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

const alertBadCertificate = tls.AlertError(42)

// namedClient signs a certificate of the name, with the key in it, by the key of an authority.
func namedClient(t *testing.T, name string, public crypto.PublicKey, by *x509.Certificate, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if by == nil {
		by = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// forger has a public key and no private one: its signatures are noise of the right size.
type forger struct{ key *rsa.PublicKey }

func (f forger) Public() crypto.PublicKey { return f.key }

func (f forger) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, f.key.Size()), nil
}

func hugeRSA(bits uint) forger {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return forger{&rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}}
}

// certAttack is a server that asks for certificates, with room for one session beside the
// witness: who does not leave the table clean keeps the next one out.
type certAttack struct {
	*ftptest.Server
	ca     *x509.Certificate
	key    *ecdsa.PrivateKey
	judged atomic.Int64  // certificates that were gone through
	ended  chan struct{} // one for each session
}

func newCertAttack(t *testing.T) *certAttack {
	t.Helper()
	a := &certAttack{key: ecKey(t), ended: make(chan struct{}, 100)}
	a.ca = namedClient(t, "authority", a.key.Public(), nil, a.key)
	roots := x509.NewCertPool()
	roots.AddCert(a.ca)
	verifier := &certs.ClientVerifier{Roots: roots}
	tree := memfs.From(map[string]string{"/f": "data"})
	a.Server = ftptest.NewServerFS(tree, func(s *ftpserver.Server) {
		s.Limits.Sessions, s.Limits.SessionsPerAddress = 2, 2
		s.TLS.ClientCert = ftpserver.ClientCertRequest
		s.TLS.VerifyClient = func(chain []*x509.Certificate) error {
			a.judged.Add(1)
			return verifier.Verify(chain)
		}
		s.Login = func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			switch p := (auth.CertificatePolicy{Account: c.User, Mode: auth.CertificateEither}); {
			case c.NoPassword && p.WithoutPassword(c) == nil, c.Password == "x":
				return &auth.Grant{Account: c.User, FS: tree}, nil
			case c.NoPassword:
				return nil, auth.ErrPassword
			}
			return nil, auth.ErrDenied
		}
		s.Observe = func(_ context.Context, e ftpserver.Event) {
			if e.Kind == ftpserver.EventSessionEnd {
				a.ended <- struct{}{}
			}
		}
	})
	t.Cleanup(a.Close)
	return a
}

// hostile is certificates that cost whoever looks at them.
func (a *certAttack) hostile(t *testing.T) map[string]*tls.Certificate {
	t.Helper()
	key := ecKey(t)
	leaf := namedClient(t, "anna", key.Public(), a.ca, a.key)
	chain := func(n int, more func(i int) *x509.Certificate) *tls.Certificate {
		c := &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}
		for i := range n {
			c.Certificate = append(c.Certificate, more(i).Raw)
		}
		return c
	}
	twin := namedClient(t, "twin", key.Public(), nil, key)
	namesake := func(int) *x509.Certificate { return namedClient(t, "twin", key.Public(), twin, key) }
	huge := func(bits uint) *tls.Certificate {
		f := hugeRSA(bits)
		return &tls.Certificate{Certificate: [][]byte{namedClient(t, "anna", f.key, a.ca, a.key).Raw}, PrivateKey: f}
	}
	behindHuge := func(int) *x509.Certificate { return namedClient(t, "authority", hugeRSA(16384).key, a.ca, a.key) }
	named := namedClient(t, strings.Repeat("n", 60_000), key.Public(), a.ca, a.key)
	return map[string]*tls.Certificate{
		"400 namesakes":                 chain(400, namesake),
		"longer than a handshake":       chain(1000, func(int) *x509.Certificate { return twin }),
		"RSA of 16384 bits":             huge(16384),
		"RSA of 8192 bits, not its own": huge(8192),
		"many huge keys behind it":      chain(60, behindHuge),
		"a very long name":              {Certificate: [][]byte{named.Raw}, PrivateKey: key},
	}
}

// V-97, V-98, S-12: certificates of clients that cost time, on the control connection: a chain
// of hundreds, one beyond all bounds, keys that are huge. They are refused before they
// are gone through, or prove nothing, in a number of looks that is fixed; each leaves
// the table of sessions clean, and the others are served.
func TestV97HostileCertificatesOnControl(t *testing.T) {
	a := newCertAttack(t)
	witness := enter(t, a.Server, tls.VersionTLS13, nil)
	witness.do("USER carol", "331")
	witness.do("PASS x", "230")
	for name, cert := range a.hostile(t) {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			a.judged.Store(0)
			c := connect(t, a.Server)
			c.tls.MinVersion, c.tls.MaxVersion = version, version
			c.show(cert)
			c.expect("220")
			c.do("AUTH TLS", "234")
			s := tls.Client(c.tcp, c.tls)
			err := s.Handshake()
			if err == nil {
				if _, err = io.WriteString(s, "USER anna\r\n"); err == nil {
					reply := make([]byte, 200)
					var n int
					if n, err = s.Read(reply); err == nil && !strings.HasPrefix(string(reply[:n]), "331") {
						t.Errorf("%s: the client was told %q", name, reply[:n])
					}
				}
			}
			if n := a.judged.Load(); n > 1 {
				t.Errorf("%s: gone through %d times for one USER", name, n)
			} else if strings.Contains(name, "RSA") && (err == nil || n != 0) {
				t.Errorf("%s: gone through %d times, %v: want it refused in the handshake", name, n, err)
			}
			// By its size, and not when its signature turned out to be none. The RST behind
			// the alert may have eaten it.
			if alert := alertOf(err); name == "RSA of 16384 bits" && alert != "" && alert != alertBadCertificate.Error() {
				t.Errorf("%s: refused by %q", name, alert)
			}
			c.tcp.Close()
			<-a.ended
			for len(a.Server.Server.Sessions()) > 1 { // it leaves the table right after it has said that it ended
				runtime.Gosched()
			}
		}
	}
	if got, _ := witness.retr("f"); got != "data" {
		t.Errorf("the witness got %q", got)
	}
	key := ecKey(t)
	honest := &tls.Certificate{Certificate: [][]byte{namedClient(t, "anna", key.Public(), a.ca, a.key).Raw}, PrivateKey: key}
	enter(t, a.Server, tls.VersionTLS13, honest).do("USER anna", "232")
}

// V-97, V-98: the same on data connections: each costs its transfer, and nothing else.
func TestV97HostileCertificatesOnData(t *testing.T) {
	a := newCertAttack(t)
	c := enter(t, a.Server, tls.VersionTLS13, nil)
	c.do("USER carol", "331")
	c.do("PASS x", "230")
	own := c.tls.ClientSessionCache
	a.judged.Store(0)
	for name, cert := range a.hostile(t) {
		c.show(cert)
		c.tls.ClientSessionCache = &countingCache{} // a full handshake
		addr := c.epsv()
		c.do("RETR f", "150")
		tcp := c.dialData(addr)
		s := tls.Client(tcp, c.tls)
		if s.Handshake() == nil {
			if b, _ := io.ReadAll(s); len(b) > 0 {
				t.Errorf("%s: got %q", name, b)
			}
		}
		tcp.Close()
		c.expect("522")
	}
	if n := a.judged.Load(); n != 0 {
		t.Errorf("gone through %d times, where the certificate of control decides", n)
	}
	c.show(nil)
	c.tls.ClientSessionCache = own
	if got, _ := c.retr("f"); got != "data" {
		t.Errorf("got %q", got)
	}
}

// V-97: a client that is not asked for a certificate and sends one is refused.
func TestV97CertificateNotAskedFor(t *testing.T) {
	srv := serveTree(t, nil, nil)
	tlsVersions(t, func(t *testing.T, version uint16) {
		c := connect(t, srv)
		c.tls.MinVersion, c.tls.MaxVersion = version, version
		c.tls.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			t.Error("the client was asked for a certificate")
			return &tls.Certificate{}, nil
		}
		c.authTLS()
		l := securedByHand(t, connect(t, srv), version)
		// Behind the handshake, as nothing else can be sent with its keys.
		if err := l.send(recordHandshake, message(11, 0, 0, 0, 0)); err != nil {
			t.Fatal(err)
		}
		err := l.next()
		for err == nil { // tickets come first
			err = l.next()
		}
		if err == io.EOF {
			t.Error("the session ended as if nothing was wrong")
		}
	})
}
