package dataconn

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

const testStall = time.Minute

var tlsVersions = []struct {
	name    string
	version uint16
}{{"TLS 1.2", tls.VersionTLS12}, {"TLS 1.3", tls.VersionTLS13}}

// testTLS returns the two ends' configurations for one version of TLS. The
// server issues tickets.
func testTLS(t *testing.T, version uint16) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "data.test"},
		DNSNames:     []string{"data.test"},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA:         true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	server = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}},
		MinVersion:   version, MaxVersion: version,
	}
	client = &tls.Config{RootCAs: roots, ServerName: "data.test", MinVersion: version, MaxVersion: version}
	return server, client
}

// tcpPair connects two ends over loopback; both are closed with the test.
func tcpPair(t *testing.T) (server, client *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); c.Close() })
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

// wireTap is the raw connection of a peer that plays foul: while hold is set,
// what TLS writes is kept and not sent.
type wireTap struct {
	net.Conn
	hold bool
	held []byte
}

func (w *wireTap) Write(p []byte) (int, error) {
	if w.hold {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	return w.Conn.Write(p)
}

// shake makes our end, as server, of one raw connection, and a crypto/tls
// client of the other.
func shake(t *testing.T, server, client *tls.Config, rawServer, rawClient net.Conn) (*Conn, *tls.Conn) {
	t.Helper()
	peer := tls.Client(rawClient, client)
	var conn *Conn
	var err error
	var both sync.WaitGroup
	both.Go(func() { conn, err = Server(context.Background(), rawServer, server, testStall) })
	peerErr := peer.Handshake()
	both.Wait()
	if err != nil || peerErr != nil {
		t.Fatalf("handshake: server %v, client %v", err, peerErr)
	}
	return conn, peer
}

var loopback = netip.MustParseAddr("127.0.0.1")

// addressed gives a net.Pipe end the remote address that a candidate needs.
type addressed struct {
	net.Conn
	remote netip.Addr
}

func (a addressed) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.remote, 40000))
}
