package ftpclient

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// a name of the server is a string of bytes and nothing else: it
// comes out of a listing as it was, and goes back so; 0xFF alone is doubled on the
// way (RFC 1123 §4.1.4.1, RFC 3659 §2.2).
func TestNamesAreStrings_R057(t *testing.T) {
	names := []string{`C:\x`, "a b ", " lead", "%2e", "~", "-rf", "Grüße", "odd\xe9", "x;y=z; w", "tel\xffnet"}
	s := serve(t, func(c *session) {
		c.login()
		d := c.mlsd("/d")
		for _, name := range names {
			_, _ = io.WriteString(d, "type=file; "+name+"\r\n")
		}
		d.end()
		c.reply("226 ok")
		for _, name := range names {
			d := c.retr(strings.ReplaceAll(name, "\xff", "\xff\xff"))
			d.end()
			c.reply("226 ok")
		}
	})
	c := s.dial(s.options())
	got, err := collect(c, t)
	if err != nil || !slices.Equal(got, names) {
		t.Fatalf("got %q, %v", got, err)
	}
	for _, name := range got {
		if _, err := c.Retrieve(t.Context(), name, 0, io.Discard); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// USER is sent, and PASS if it is asked for, also where the handshake has
// shown a certificate of the client (RFC 4217 §4.2).
func TestUserBehindCertificate_R124(t *testing.T) {
	own, _ := testCertificate(t)
	for _, first := range []string{"232 the certificate is enough", "331 and a password"} {
		s := serve(t, func(c *session) {
			c.start()
			if n := len(c.conn.(*tls.Conn).ConnectionState().PeerCertificates); n != 1 {
				c.failf("%d certificates", n)
			}
			c.expect("USER anna")
			c.reply(first)
			if strings.HasPrefix(first, "331") {
				c.expect("PASS secret")
				c.reply("230 in")
			}
			c.expect("PBSZ 0")
			c.reply("200 ok")
			c.expect("PROT P")
			c.reply("200 ok")
			c.ready()
		})
		s.tls.ClientAuth = tls.RequireAnyClientCert
		opt := s.options()
		opt.Certificates = []tls.Certificate{own}
		s.dial(opt)
	}
}

// the hello names the server, but no address (RFC 6066 §3), and a new
// control connection shows no ticket of an earlier one (RFC 8446 §C.4).
func TestHello_R155_R169(t *testing.T) {
	for host, want := range map[string]string{"localhost": "localhost", "localhost.": "localhost", "127.0.0.1": ""} {
		s := serve(t, func(c *session) {
			c.start()
			state := c.conn.(*tls.Conn).ConnectionState()
			if state.ServerName != want || state.DidResume {
				c.failf("%s: hello for %q, resumed %v", host, state.ServerName, state.DidResume)
			}
			c.expect("USER anna")
			c.reply("530 no")
		})
		u, opt := s.url(), s.options()
		u.Host = host
		opt.Verify = func(tls.ConnectionState) error { return nil }
		opt.DialContext = dialTo(s.ln.Addr().String())
		for range 2 {
			if _, err := Dial(t.Context(), u, opt); err == nil {
				t.Error("logged in")
			}
		}
	}
}

// the name is looked for in the certificate's SAN; the common name counts
// nothing, a wildcard is for one label (RFC 9525 §6).
func TestCertificateNames_R160(t *testing.T) {
	for _, test := range []struct {
		common string
		sans   []string
		ok     bool
	}{
		{"", []string{"ftp.example.test"}, true},
		{"", []string{"*.example.test"}, true},
		{"ftp.example.test", nil, false},
		{"ftp.example.test", []string{"other.test"}, false},
		{"", []string{"*.test"}, false},
		{"", []string{"f*.example.test"}, false},
	} {
		cert, roots := named(t, test.common, test.sans)
		s := serve(t, func(c *session) { c.login() })
		s.tls.Certificates = []tls.Certificate{cert}
		u := s.url()
		u.Host = "ftp.example.test"
		opt := Options{RootCAs: roots, DialContext: dialTo(s.ln.Addr().String())}
		c, err := Dial(t.Context(), u, opt)
		if (err == nil) != test.ok {
			t.Errorf("common name %q, SAN %q: %v", test.common, test.sans, err)
		}
		if err == nil {
			_ = c.Close()
			continue
		}
		wantError(t, err, ErrTLS)
	}
}

func dialTo(address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}

func named(t *testing.T, common string, sans []string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: common}, DNSNames: sans,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
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
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// meddler takes supported_versions out of the first record that it reads, so that the
// server believes that its client has TLS 1.2 only.
type meddler struct {
	net.Conn
	ready bytes.Buffer
	done  bool
}

func (m *meddler) Read(p []byte) (int, error) {
	if !m.done {
		m.done = true
		head := make([]byte, 5)
		if _, err := io.ReadFull(m.Conn, head); err != nil {
			return 0, err
		}
		body := make([]byte, binary.BigEndian.Uint16(head[3:]))
		if _, err := io.ReadFull(m.Conn, body); err != nil {
			return 0, err
		}
		m.ready.Write(downgraded(body))
	}
	if m.ready.Len() > 0 {
		return m.ready.Read(p)
	}
	return m.Conn.Read(p)
}

// downgraded is the record of a ClientHello without its extension 43.
func downgraded(b []byte) []byte {
	at := 4 + 2 + 32
	at += 1 + int(b[at])
	at += 2 + int(binary.BigEndian.Uint16(b[at:]))
	at += 1 + int(b[at])
	body := slices.Clone(b[4:at])
	var ext []byte
	for rest := b[at+2:]; len(rest) > 0; {
		n := 4 + int(binary.BigEndian.Uint16(rest[2:]))
		if binary.BigEndian.Uint16(rest) != 43 {
			ext = append(ext, rest[:n]...)
		}
		rest = rest[n:]
	}
	body = binary.BigEndian.AppendUint16(body, uint16(len(ext)))
	body = append(body, ext...)
	out := binary.BigEndian.AppendUint16([]byte{0x16, 3, 1}, uint16(len(body)+4))
	out = append(out, 1, 0, byte(len(body)>>8), byte(len(body)))
	return append(out, body...)
}

// who changes the client's hello, so that an old version is spoken, is found
// out by the mark that the server then sets (RFC 8446 §4.1.3).
func TestDowngrade_R173(t *testing.T) {
	alert := make(chan error, 1)
	s := serve(t, func(c *session) {
		c.reply("220 ready")
		c.expect("AUTH TLS")
		c.reply("234 go on")
		alert <- tls.Server(&meddler{Conn: c.raw}, c.server.tls).Handshake()
		c.stop()
	})
	_, err := Dial(t.Context(), s.url(), s.options())
	wantError(t, err, ErrTLS)
	if got := <-alert; got == nil || !strings.Contains(got.Error(), "illegal parameter") {
		t.Errorf("the server was told %v", got)
	}
}
