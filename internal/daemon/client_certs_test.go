package daemon

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/config"
)

// authority signs clients for tests, also such as package certs would not.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t)}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	a.cert = a.sign(template, template, a.key.Public())
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(template, parent *x509.Certificate, public crypto.PublicKey) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// client is a certificate of anna's but for what change does.
func (a *authority) client(change func(c *x509.Certificate)) *tls.Certificate {
	a.t.Helper()
	return a.clientWith(newKey(a.t), change)
}

func (a *authority) clientWith(key crypto.Signer, change func(c *x509.Certificate)) *tls.Certificate {
	a.t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "anna"}, EmailAddresses: []string{"anna@example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if change != nil {
		change(template)
	}
	leaf := a.sign(template, a.cert, key.Public())
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *authority) crl(serials ...int64) []byte {
	a.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour)}
	for _, n := range serials {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(n), RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

// gate is a running daemon that asks clients for certificates.
type gate struct {
	t       *testing.T
	d       *daemon
	ca, crl string // files
	addr    string
	log     *safeBuffer
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// take gives what was written since the last call.
func (s *safeBuffer) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.b.Reset()
	return s.b.String()
}

func newGate(t *testing.T, ca, crl []byte, list ...config.Account) *gate {
	t.Helper()
	dir := t.TempDir()
	g := &gate{t: t, ca: filepath.Join(dir, "ca.crt"), crl: filepath.Join(dir, "clients.crl"), log: &safeBuffer{}}
	g.write(g.ca, ca)
	g.write(g.crl, crl)
	hash, err := (password.Params{Memory: 8, Time: 1, Threads: 1}).Hash("x")
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if list[i].Certificate != config.CertificateAlone {
			list[i].PasswordHash = hash
		}
	}
	c := config.Default()
	c.TLS.Client = config.ClientCertConfig{Ask: config.ClientCertRequest, CA: g.ca, CRL: g.crl}
	d := &daemon{lasting: &lasting{state: t.TempDir(), procs: newProcs()}, config: c, log: newLogger(g.log, config.FormatText), policies: policies(list)}
	g.d = d
	d.trees = newTrees(c, t.TempDir(), newFolders())
	t.Cleanup(func() { d.discard(nil) })
	if err := d.loadCertificates(nil); err != nil {
		t.Fatal(err)
	}
	if d.book, err = book(t.Context(), list, d.trees); err != nil {
		t.Fatal(err)
	}
	d.kept = d.newKept()
	d.build()
	d.server.Data.From, d.server.Data.To, d.server.Data.Mode = 0, 0, ftpserver.Exclusive
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.addr = l.Addr().String()
	go d.server.ServeListener(l, ftpserver.ListenerPolicy{Implicit: true, ClientCert: d.clientCert("")})
	return g
}

func (g *gate) write(file string, data []byte) {
	g.t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// login gives the replies to USER and PASS, which is "" if it was not needed.
func (g *gate) login(cert *tls.Certificate, user, pass string) (toUser, toPass string) {
	g.t.Helper()
	conn, err := tls.Dial("tcp", g.addr, &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if cert == nil {
			return &tls.Certificate{}, nil
		}
		return cert, nil
	}})
	if err != nil {
		g.t.Fatal(err)
	}
	defer conn.Close()
	text := textproto.NewConn(conn)
	read := func() string {
		line, err := text.ReadLine()
		if err != nil {
			g.t.Fatal(err)
		}
		return line
	}
	read()
	text.PrintfLine("USER %s", user)
	if toUser = read(); strings.HasPrefix(toUser, "331") {
		text.PrintfLine("PASS %s", pass)
		toPass = read()
	}
	return toUser, toPass
}

// underClient is signed by a client, which is no authority.
func underClient(ca *authority) *tls.Certificate {
	by := ca.client(nil)
	fake := &authority{t: ca.t, cert: by.Leaf, key: by.PrivateKey.(*ecdsa.PrivateKey)}
	c := fake.client(nil)
	c.Certificate = append(c.Certificate, by.Certificate...)
	return c
}

// S-12, V-21, V-28: the client hears the same, whatever is wrong with its
// certificate; the log has the reason.
func TestClientCertificatesRefused(t *testing.T) {
	ca, other := newAuthority(t, "clients"), newAuthority(t, "others")
	long, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Log("no weak key on this machine:", err)
	}
	uri, err := url.Parse("urn:device:7")
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(t, ca.pem(), append(ca.crl(66), other.crl(7)...),
		config.Account{Name: "anna", Certificate: config.CertificateAlone},
		config.Account{Name: "bob", Certificate: config.CertificateAlone},
		config.Account{Name: "uri", Certificate: config.CertificateAlone, Certificates: []auth.CertificateRule{{Kind: auth.CertificateURI, Value: "urn:device:7"}}},
		config.Account{Name: "mail", Certificate: config.CertificateAlone, Certificates: []auth.CertificateRule{{Kind: auth.CertificateEmail, Value: "anna@example.org"}}})
	for _, row := range []struct {
		name, user string
		cert       *tls.Certificate
		reason     error
	}{
		{"none", "anna", nil, auth.ErrNoCertificate},
		{"expired", "anna", ca.client(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), certs.ErrExpired},
		{"not yet", "anna", ca.client(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(30 * time.Minute) }), certs.ErrNotYetValid},
		{"other authority", "anna", other.client(nil), certs.ErrUnknownAuthority},
		{"for servers", "anna", ca.client(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), certs.ErrNotForClients},
		{"SHA-1", "anna", ca.client(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }), certs.ErrWeakKey},
		{"under a client", "anna", underClient(ca), certs.ErrUnknownAuthority},
		{"revoked", "anna", ca.client(func(c *x509.Certificate) { c.SerialNumber = big.NewInt(66) }), certs.ErrRevoked},
		{"of another user", "bob", ca.client(nil), auth.ErrWrongCertificate},
		{"nobody's", "carol", ca.client(nil), nil},
		{"NUL in the name", "anna", ca.client(func(c *x509.Certificate) { c.Subject.CommonName = "anna\x00.example" }), auth.ErrWrongCertificate},
		{"other URI", "uri", ca.client(nil), auth.ErrWrongCertificate},
		{"extension that must be understood", "anna", ca.client(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}), certs.ErrUnknownAuthority},
	} {
		g.log.take()
		toUser, toPass := g.login(row.cert, row.user, "x")
		if !strings.HasPrefix(toUser, "331") || toPass != "530 Login incorrect." {
			t.Errorf("%s: the client was told %q and %q", row.name, toUser, toPass)
		}
		line := g.log.take()
		if !strings.Contains(line, "msg=login-failed") || row.reason != nil && !strings.Contains(line, row.reason.Error()) {
			t.Errorf("%s: the log has no %v:\n%s", row.name, row.reason, line)
		}
	}
	if long != nil {
		g.login(ca.clientWith(long, nil), "anna", "x")
		if line := g.log.take(); !strings.Contains(line, certs.ErrWeakKey.Error()) {
			t.Errorf("RSA of 1024 bits:\n%s", line)
		}
	}
	for user, cert := range map[string]*tls.Certificate{
		"anna": ca.client(nil), // the serial that the other authority has revoked
		"mail": ca.client(func(c *x509.Certificate) { c.Subject.CommonName = "somebody" }),
		"uri":  ca.client(func(c *x509.Certificate) { c.URIs = []*url.URL{uri} }),
	} {
		if toUser, _ := g.login(cert, user, "x"); !strings.HasPrefix(toUser, "232") {
			t.Errorf("%s: %q\n%s", user, toUser, g.log.take())
		}
	}
}

// What certificate and password are worth together, for each way of an account.
func TestCertificateModes(t *testing.T) {
	ca := newAuthority(t, "clients")
	good, wrong := ca.client(nil), ca.client(func(c *x509.Certificate) { c.Subject.CommonName, c.EmailAddresses = "bob", nil })
	stray := newAuthority(t, "unknown").client(nil)
	pin := certs.PinOf(stray.Leaf)
	rules := []auth.CertificateRule{{Kind: auth.CertificateEmail, Value: "anna@example.org"}}
	g := newGate(t, ca.pem(), ca.crl(),
		config.Account{Name: "alone", Certificate: config.CertificateAlone, Certificates: rules},
		config.Account{Name: "both", Certificate: config.CertificateBoth, Certificates: rules},
		config.Account{Name: "either", Certificate: config.CertificateEither, Certificates: rules},
		config.Account{Name: "plain"},
		config.Account{Name: "pinned", Certificate: config.CertificateAlone, Certificates: []auth.CertificateRule{{Kind: auth.CertificateKey, Value: strings.TrimPrefix(pin.String(), "sha256/")}}})
	for _, row := range []struct {
		user string
		cert *tls.Certificate
		pass string
		want string
	}{
		{"alone", good, "", "232"}, {"alone", wrong, "x", "530"}, {"alone", nil, "x", "530"},
		{"both", good, "x", "230"}, {"both", good, "y", "530"}, {"both", wrong, "x", "530"}, {"both", nil, "x", "530"}, {"both", stray, "x", "530"},
		{"either", good, "", "232"}, {"either", nil, "x", "230"}, {"either", wrong, "x", "230"}, {"either", wrong, "y", "530"},
		{"plain", nil, "x", "230"}, {"plain", good, "x", "230"}, {"plain", good, "y", "530"},
		{"pinned", stray, "", "232"}, {"pinned", good, "x", "530"},
	} {
		toUser, toPass := g.login(row.cert, row.user, row.pass)
		last := toUser
		if strings.HasPrefix(toUser, "331") {
			last = toPass
		}
		if !strings.HasPrefix(last, row.want) {
			t.Errorf("%s, certificate %t, password %q: %q, %q, want %s", row.user, row.cert != nil, row.pass, toUser, toPass, row.want)
		}
	}
}

// S-15: what replaces authorities and lists while the server runs counts from the next
// login on; a file that cannot be used changes nothing, and is told of.
func TestClientTrustReloaded(t *testing.T) {
	ca, next := newAuthority(t, "clients"), newAuthority(t, "next")
	old, fresh := ca.client(nil), next.client(nil)
	g := newGate(t, ca.pem(), ca.crl(), config.Account{Name: "anna", Certificate: config.CertificateAlone})
	step := func(what string, oldIn, freshIn bool) {
		t.Helper()
		g.d.ring.reload(true)
		for cert, in := range map[*tls.Certificate]bool{old: oldIn, fresh: freshIn} {
			if toUser, _ := g.login(cert, "anna", "x"); strings.HasPrefix(toUser, "232") != in {
				t.Errorf("%s: of the first authority %t: %q", what, cert == old, toUser)
			}
		}
	}
	step("at first", true, false)
	g.write(g.crl, ca.crl(7))
	step("revoked", false, false)
	g.write(g.crl, []byte("nonsense"))
	g.log.take()
	step("a list that is none", false, false)
	if line := g.log.take(); !strings.Contains(line, "the new file cannot be used") {
		t.Errorf("the log:\n%s", line)
	}
	g.write(g.crl, ca.crl())
	step("no more revoked", true, false)
	g.write(g.ca, append(ca.pem(), next.pem()...))
	step("both authorities", true, true)
	g.write(g.ca, nil)
	step("an empty file", true, true)
	g.write(g.ca, append(ca.pem(), next.pem()[:100]...))
	step("half of a second authority", true, true)
	g.write(g.crl, append(ca.crl(7), ca.crl()[:100]...))
	step("half of a second list", true, true)
	g.write(g.crl, ca.crl(7)[:100])
	step("half a list", true, true)
	g.write(g.crl, nil)
	step("an empty list", true, true)
	g.log.take()
	if err := os.Remove(g.ca); err != nil {
		t.Fatal(err)
	}
	step("no file", true, true)
	if line := g.log.take(); !strings.Contains(line, "the new file cannot be used") {
		t.Errorf("the log:\n%s", line)
	}
	g.write(g.ca, next.pem())
	step("still half a list", true, true)
	g.write(g.crl, ca.crl())
	step("the next authority", false, true)
}
