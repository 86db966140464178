package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var issued = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func parse(t *testing.T, certPEM []byte) *x509.Certificate {
	t.Helper()
	b, rest := pem.Decode(certPEM)
	if b == nil || len(rest) != 0 {
		t.Fatalf("want one PEM block, got %q", certPEM)
	}
	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSelfSignedFields(t *testing.T) {
	certPEM, _, err := SelfSigned(Options{Hosts: []string{"files.example.com.", "192.0.2.1", "::1", "::ffff:192.0.2.2", "*.example.org"}, Now: issued})
	if err != nil {
		t.Fatal(err)
	}
	c := parse(t, certPEM)
	var ips []string
	for _, ip := range c.IPAddresses {
		ips = append(ips, ip.String())
	}
	type fields struct {
		CN       string
		DNS, IP  []string
		From, To time.Time
		CA, BC   bool
		Usage    x509.KeyUsage
		Ext      []x509.ExtKeyUsage
		Bits     int
		Version  int
	}
	got := fields{c.Subject.CommonName, c.DNSNames, ips, c.NotBefore, c.NotAfter, c.IsCA, c.BasicConstraintsValid,
		c.KeyUsage, c.ExtKeyUsage, c.SerialNumber.BitLen(), c.Version}
	want := fields{"files.example.com.", []string{"files.example.com", "*.example.org"}, []string{"192.0.2.1", "::1", "192.0.2.2"},
		issued.Add(-time.Hour), issued.Add(DefaultValidity), false, true,
		x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, 128, 3}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("certificate (-want +got):\n%s", d)
	}
	if k, ok := c.PublicKey.(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() {
		t.Errorf("key is %T, want ECDSA P-256", c.PublicKey)
	}
}

// TestSelfSignedHandshake has the certificate as its own trust anchor, as curl
// --cacert has it, under each of its names.
func TestSelfSignedHandshake(t *testing.T) {
	certPEM, keyPEM, err := SelfSigned(Options{Hosts: []string{"files.example.com", "192.0.2.1"}, Now: issued})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certPEM)
	now := func() time.Time { return issued }
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, Time: now})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake() // the client's result tells enough
			c.Close()
		}
	}()
	for name, ok := range map[string]bool{"files.example.com": true, "192.0.2.1": true, "other.example.com": false} {
		c, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name, Time: now})
		if (err == nil) != ok {
			t.Errorf("%s: handshake error %v, want success %v", name, err, ok)
		}
		if err == nil {
			c.Close()
		}
	}
}

func TestSelfSignedRefuses(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, tc := range []struct {
		o    Options
		want string
	}{
		{Options{}, "Options.Hosts is empty"},
		{Options{Hosts: []string{"a"}, ValidFor: -1}, "Options.ValidFor is negative"},
		{Options{Hosts: []string{"fe80::1%eth0"}}, "leave its zone out"},
		{Options{Hosts: []string{"ok", ""}}, `"" is neither`},
		{Options{Hosts: []string{"münchen.example"}}, "neither a host name"},
		{Options{Hosts: []string{"a..b"}}, "neither a host name"},
		{Options{Hosts: []string{"-a"}}, "neither a host name"},
		{Options{Hosts: []string{"a b"}}, "neither a host name"},
		{Options{Hosts: []string{"a\x00b"}}, "neither a host name"},
		{Options{Hosts: []string{"*"}}, "neither a host name"},
		{Options{Hosts: []string{long}}, "neither a host name"},
		{Options{Hosts: []string{strings.Repeat("a.", 130) + "a"}}, "neither a host name"},
	} {
		if _, _, err := SelfSigned(tc.o); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: error %v, want %q in it", tc.o, err, tc.want)
		}
	}
}

// TestSelfSignedLongName keeps a long first name out of the common name, which
// is 64 characters at most.
func TestSelfSignedLongName(t *testing.T) {
	host := strings.Repeat("a", 60) + ".example.com"
	certPEM, _, err := SelfSigned(Options{Hosts: []string{host}, ValidFor: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if c := parse(t, certPEM); c.Subject.CommonName != "" || c.VerifyHostname(host) != nil {
		t.Errorf("common name %q, names %q", c.Subject.CommonName, c.DNSNames)
	}
}

func TestSerialsDiffer(t *testing.T) {
	a, err := newSerial()
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := newSerial(); a.Cmp(b) == 0 {
		t.Errorf("two serial numbers are %v", a)
	}
}

func TestLocalNames(t *testing.T) {
	ip := func(s string) net.Addr {
		i, n, err := net.ParseCIDR(s)
		if err != nil {
			t.Fatal(err)
		}
		return &net.IPNet{IP: i, Mask: n.Mask}
	}
	addrs := []net.Addr{ip("2001:db8::5/64"), ip("192.168.1.7/24"), ip("10.0.0.3/8"), ip("127.0.0.1/8"), ip("::1/128"),
		ip("fe80::1/64"), ip("169.254.3.3/16"), ip("10.0.0.3/16"), &net.UnixAddr{Name: "x"}}
	want := []string{"box.example.com", "localhost", "10.0.0.3", "127.0.0.1", "192.168.1.7", "::1", "2001:db8::5"}
	if d := cmp.Diff(want, localNames("Box.example.com.", addrs)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, host := range []string{"", "localhost", "192.0.2.9", "my box", "bäx"} {
		if d := cmp.Diff([]string{"localhost", "127.0.0.1", "::1"}, localNames(host, nil)); d != "" {
			t.Errorf("host %q (-want +got):\n%s", host, d)
		}
	}
}

func TestLocalNamesBound(t *testing.T) {
	var addrs []net.Addr
	for i := range 100 {
		addrs = append(addrs, &net.IPNet{IP: net.IPv4(10, 0, byte(99-i), 1)})
	}
	got := localNames("box", addrs)
	if len(got) != maxNames || got[2] != "10.0.0.1" || got[len(got)-1] != "::1" {
		t.Errorf("%d names, %q", len(got), got)
	}
}

// TestLocalNamesMakeACertificate takes whatever this machine has.
func TestLocalNamesMakeACertificate(t *testing.T) {
	names := LocalNames()
	certPEM, _, err := SelfSigned(Options{Hosts: names})
	if err != nil {
		t.Fatal(err)
	}
	c := parse(t, certPEM)
	for _, n := range names {
		if err := c.VerifyHostname(n); err != nil {
			t.Error(err)
		}
	}
}

func write(t *testing.T, name string, data ...[]byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	var all []byte
	for _, d := range data {
		all = append(all, d...)
	}
	if err := os.WriteFile(file, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
