package ftpserver_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// rsaCertificate is one for the suites whose key exchange is RSA.
func rsaCertificate(t *testing.T) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, leaf
}

// also serves one more listener, and gives its address.
func also(t *testing.T, srv *ftptest.Server, p ftpserver.ListenerPolicy) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Server.ServeListener(l, p)
	return l.Addr().String()
}

// serveLegacy is a server with a listener for old devices, and with an RSA certificate
// for those that need it.
func serveLegacy(t *testing.T, configure func(*ftpserver.Server)) (srv *ftptest.Server, legacy string) {
	t.Helper()
	pair, leaf := rsaCertificate(t)
	srv = serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) {
		usual := s.TLS.GetCertificate
		s.TLS.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			c, err := usual(h)
			if err == nil && h.SupportsCertificate(c) != nil {
				return &pair, nil
			}
			return c, err
		}
		if configure != nil {
			configure(s)
		}
	})
	srv.Pool.AddCert(leaf)
	return srv, also(t, srv, ftpserver.ListenerPolicy{Legacy: true})
}

// T-17: the listener for old devices takes TLS 1.0 to 1.3, with CBC and with the RSA key
// exchange, on control and on data; RC4 and 3DES nobody takes. The event says by what
// listener the session came.
func TestT17Legacy(t *testing.T) {
	events := make(chan ftpserver.Event, 64)
	srv, legacy := serveLegacy(t, func(s *ftpserver.Server) {
		s.Observe = func(_ context.Context, e ftpserver.Event) {
			if e.Kind == ftpserver.EventTLS {
				events <- e
			}
		}
	})
	for _, row := range []struct {
		name    string
		version uint16
		suite   uint16
		refused bool
	}{
		{"TLS10_ECDHE", tls.VersionTLS10, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, false},
		{"TLS10_RSA", tls.VersionTLS10, tls.TLS_RSA_WITH_AES_128_CBC_SHA, false},
		{"TLS11_ECDHE_RSA", tls.VersionTLS11, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, false},
		{"TLS12_CBC", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, false},
		{"TLS12_RSA_GCM", tls.VersionTLS12, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, false},
		{"TLS12", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, false},
		{"TLS13", tls.VersionTLS13, tls.TLS_AES_128_GCM_SHA256, false},
		{"RC4", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, true},
		{"3DES", tls.VersionTLS10, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := connectFrom(t, srv, legacy, "")
			c.tls.MinVersion, c.tls.MaxVersion, c.tls.CipherSuites = row.version, row.version, []uint16{row.suite}
			c.tls.ClientSessionCache = &countingCache{} // knows what an empty ticket means
			if row.refused {
				c.expect("220")
				c.do("AUTH TLS", "234")
				if err := tls.Client(c.tcp, c.tls).Handshake(); alertOf(err) == "" {
					t.Errorf("got %v, want an alert", err)
				}
				return
			}
			c.login()
			if e := <-events; !e.Legacy || e.TLS != tls.VersionName(row.version) {
				t.Errorf("event %+v", e)
			}
			for range 2 {
				if got, resumed := c.retr("f"); got != "data" || !resumed {
					t.Errorf("got %q, resumed %t", got, resumed)
				}
			}
		})
	}
	connect(t, srv).login()
	if e := <-events; e.Legacy {
		t.Errorf("event of another listener: %+v", e)
	}
}

// T-17: what is taken on the data connections of old devices is taken on no others,
// although they use the same ports.
func TestT17LegacyIsNotForOthers(t *testing.T) {
	srv, legacy := serveLegacy(t, nil)
	old := connectFrom(t, srv, legacy, "")
	old.tls.MinVersion, old.tls.MaxVersion, old.tls.ClientSessionCache = tls.VersionTLS10, tls.VersionTLS11, &countingCache{}
	old.login()
	modern := connect(t, srv).login()
	own := modern.tls
	for _, weak := range []*tls.Config{
		{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
		{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, ClientSessionCache: old.tls.ClientSessionCache},
	} {
		weak.RootCAs, weak.ServerName = srv.Pool, "localhost"
		addr := modern.epsv()
		modern.do("RETR f", "150")
		if err := tls.Client(modern.dialData(addr), weak).Handshake(); alertOf(err) == "" {
			t.Errorf("got %v, want an alert", err)
		}
		modern.expect("522")
	}
	modern.tls = own
	for _, c := range []*rawClient{old, modern} {
		if got, resumed := c.retr("f"); got != "data" || !resumed {
			t.Errorf("got %q, resumed %t", got, resumed)
		}
	}
}

// T-02, T-17: a ticket of a session of the same account vouches only on its own kind of
// listener, also where both speak the same TLS.
func TestT17TicketOfLegacySession(t *testing.T) {
	srv, legacy := serveLegacy(t, nil)
	tlsVersions(t, func(t *testing.T, version uint16) {
		login := func(addr string) *rawClient {
			c := connectFrom(t, srv, addr, "")
			c.tls.MinVersion, c.tls.MaxVersion, c.tls.ClientSessionCache = version, version, &countingCache{}
			return c.login()
		}
		for _, row := range []struct {
			name     string
			from, to string
			resumes  bool
		}{{"legacy_to_modern", legacy, srv.Addr, false}, {"modern_to_legacy", srv.Addr, legacy, false}, {"legacy_to_legacy", legacy, legacy, true}} {
			t.Run(row.name, func(t *testing.T) {
				a, b := login(row.from), login(row.to)
				b.tls.ClientSessionCache = &countingCache{state: a.tls.ClientSessionCache.(*countingCache).state}
				if got, resumed := b.retr("f"); got != "data" || resumed != row.resumes {
					t.Errorf("got %q, resumed %t", got, resumed)
				}
			})
		}
	})
}

// S-12: what clients are asked for is a matter of the listener by which they come.
func TestClientCertPerListener(t *testing.T) {
	srv, seen := serveCerts(t, ftpserver.ClientCertOff)
	anna := clientCert(t, "anna")
	for _, row := range []struct {
		ask   ftpserver.ClientCert
		cert  *tls.Certificate
		user  string // the reply to USER; "": no session
		shown bool
	}{
		{ftpserver.ClientCertOff, anna, "331", false},
		{ftpserver.ClientCertRequest, anna, "232", true},
		{ftpserver.ClientCertRequest, nil, "331", false},
		{ftpserver.ClientCertRequire, anna, "232", true},
		{ftpserver.ClientCertRequire, nil, "", false},
	} {
		for _, legacy := range []bool{false, true} {
			c := connectFrom(t, srv, also(t, srv, ftpserver.ListenerPolicy{ClientCert: &row.ask, Legacy: legacy}), "")
			c.tls.MaxVersion = tls.VersionTLS12 // the alert comes in the handshake
			c.show(row.cert)
			if row.user == "" {
				c.expect("220")
				c.do("AUTH TLS", "234")
				if err := tls.Client(c.tcp, c.tls).Handshake(); alertOf(err) == "" {
					t.Errorf("got %v, want an alert", err)
				}
				continue
			}
			c.authTLS()
			c.do("PBSZ 0", "200")
			c.do("PROT P", "200")
			c.do("USER anna", row.user)
			if row.user == "331" {
				c.do("PASS x", "230")
			}
			if got := <-seen; (got.Certificate != nil) != row.shown {
				t.Errorf("ask %d: Login saw %+v", row.ask, got)
			}
			if got, _ := c.retr("f"); got != "data" {
				t.Errorf("ask %d: got %q", row.ask, got)
			}
		}
	}
}

func TestListenerPolicyIsChecked(t *testing.T) {
	tree := memfs.From(nil)
	login := func(context.Context, auth.Credentials) (*auth.Grant, error) {
		return &auth.Grant{Account: "a", FS: tree}, nil
	}
	for name, p := range map[string]ftpserver.ListenerPolicy{
		"no verifier":  {ClientCert: new(ftpserver.ClientCertRequest)},
		"unknown":      {ClientCert: new(ftpserver.ClientCert(9))},
		"implicit TLS": {Implicit: true},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := &ftpserver.Server{Login: login, TLS: ftpserver.TLSPolicy{InsecurePlaintext: true}}
		if err := s.ServeListener(l, p); err == nil || errors.Is(err, ftpserver.ErrServerClosed) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: the listener was left open: %v", name, err)
		}
	}
}

// T-17, S-04: hellos of SSLv2 and SSLv3, and one that offers only compression, end in an
// alert or in nothing, on listeners of both kinds.
func TestT17OldHellos(t *testing.T) {
	srv, legacy := serveLegacy(t, nil)
	// A ClientHello of TLS 1.2 whose only compression method is DEFLATE.
	body := "\x03\x03" + strings.Repeat("r", 32) + "\x00" + "\x00\x02\xc0\x2b" + "\x01\x01" + "\x00\x00"
	handshake := "\x01\x00\x00" + string(rune(len(body))) + body
	for name, hello := range map[string]string{
		"SSLv2":       "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80\x02\x00\x80\x03\x00\x80\x04\x00\x80\x05\x00\x80\x06\x00\x40\x07\x00\xc0" + strings.Repeat("c", 16),
		"SSLv3":       "\x16\x03\x00\x00\x2d\x01\x00\x00\x29\x03\x00" + strings.Repeat("r", 32) + "\x00\x00\x02\x00\x2f\x01\x00",
		"compression": "\x16\x03\x01\x00" + string(rune(len(handshake))) + handshake,
	} {
		for _, addr := range []string{srv.Addr, legacy} {
			c := connectFrom(t, srv, addr, "")
			c.expect("220")
			c.do("AUTH TLS", "234")
			c.write(hello)
			if got, _ := io.ReadAll(c.conn); len(got) > 0 && got[0] != 0x15 {
				t.Errorf("%s: got %q", name, got)
			}
		}
	}
}
