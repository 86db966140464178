package cli

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftptest"
)

// distrusted is a server that gets to the handshake and then to USER, which it
// refuses.
func distrusted(t *testing.T, cfg *tls.Config) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(time.Minute))
			answer(conn, cfg)
			conn.Close()
		}
	}()
	return ln.Addr().String()
}

func answer(conn net.Conn, cfg *tls.Config) {
	fmt.Fprint(conn, "220 ready\r\n")
	lines := bufio.NewReader(conn)
	if _, err := lines.ReadString('\n'); err != nil {
		return
	}
	if cfg == nil {
		fmt.Fprint(conn, "502 no\r\n")
		io.Copy(io.Discard, lines)
		return
	}
	fmt.Fprint(conn, "234 go on\r\n")
	secure := tls.Server(conn, cfg)
	if secure.Handshake() != nil {
		return
	}
	lines.Reset(secure)
	if line, _ := lines.ReadString('\n'); strings.HasPrefix(line, "USER ") {
		fmt.Fprint(secure, "530 no\r\n")
	}
	io.Copy(io.Discard, lines)
}

// authority issues the certificates of a test; its own is in the file ca.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  crypto.Signer
	ca   string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, key: key, ca: filepath.Join(t.TempDir(), "ca.pem")}
	a.cert = &x509.Certificate{
		Subject: pkix.Name{CommonName: "Authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der := a.issue(key, a.cert).Certificate[0]
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	writePEM(t, a.ca, "CERTIFICATE", der)
	return a
}

func writePEM(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) issue(key crypto.Signer, template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// C-05, C-07, V-70: each reason not to trust a server has its exit code, a
// sentence and a hint, through the whole program; none of them gets a user name.
func TestDistrust_C05_C07_V70(t *testing.T) {
	a := newAuthority(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	local := []net.IP{net.IPv4(127, 0, 0, 1)}
	with := func(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }
	good := a.issue(a.key, &x509.Certificate{IPAddresses: local})
	leaf, err := x509.ParseCertificate(good.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: leaf.SerialNumber, RevocationTime: time.Now()}},
	}, a.cert, a.key)
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "crl.pem")
	writePEM(t, list, "X509 CRL", crl)
	old := with(good)
	old.MaxVersion = tls.VersionTLS12
	tests := []struct {
		name  string
		cfg   *tls.Config
		known *certs.KnownHost
		args  []string
		code  int
		want  string // in what is printed
	}{
		{"trusted", with(good), nil, []string{"--ca", a.ca}, exitRefused, "530"},
		{"pinned", with(good), nil, []string{"--pin", certs.PinSPKI(leaf)}, exitRefused, "530"},
		{"unknown authority", with(good), nil, nil, exitUnknownAuthority, "sealane cert trust add"},
		{"other name", with(a.issue(a.key, &x509.Certificate{DNSNames: []string{"other.example\x1b[2J"}})), nil, []string{"--ca", a.ca}, exitNameMismatch, "other.example"},
		{"expired", with(a.issue(a.key, &x509.Certificate{IPAddresses: local, NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)})), nil, []string{"--ca", a.ca}, exitExpired, "renew"},
		{"not yet valid", with(a.issue(a.key, &x509.Certificate{IPAddresses: local, NotBefore: time.Now().AddDate(1, 0, 0), NotAfter: time.Now().AddDate(2, 0, 0)})), nil, []string{"--ca", a.ca}, exitNotYetValid, "clock"},
		{"revoked", with(good), nil, []string{"--ca", a.ca, "--crl", list}, exitRevoked, "do not go on"},
		{"changed key", with(good), &certs.KnownHost{Trusted: true}, []string{"--ca", a.ca}, exitChangedKey, "cert trust remove"},
		{"other pin", with(good), nil, []string{"--pin", certs.Pin{}.String()}, exitChangedKey, "confirms"},
		{"weak key", with(a.issue(small, &x509.Certificate{IPAddresses: local})), nil, []string{"--ca", a.ca}, exitWeakKey, "1024 bits"},
		{"plaintext only", nil, nil, nil, exitPlaintextOnly, "502"},
		{"fallen back", old, &certs.KnownHost{Key: certs.PinOf(leaf), TLS13: true}, []string{"--ca", a.ca}, exitDowngrade, "--allow-downgrade"},
		{"fallen back, allowed", old, &certs.KnownHost{Key: certs.PinOf(leaf), TLS13: true}, []string{"--ca", a.ca, "--allow-downgrade"}, exitRefused, "530"},
		{"too old", old, nil, []string{"--ca", a.ca, "--tls-min", "1.3"}, exitTLS, "version"},
	}
	provoked := map[int]bool{exitOtherServer: true} // by TestOtherServer_C07_C08
	for _, tt := range tests {
		provoked[tt.code] = true
		t.Run(tt.name, func(t *testing.T) {
			address := distrusted(t, tt.cfg)
			args := append([]string{"ls", "ftpes://anna:secret@" + address + "/"}, tt.args...)
			if !strings.Contains(strings.Join(args, " "), "--pin") {
				store := filepath.Join(t.TempDir(), "known")
				args = append(args, "--trust-store", store)
				if tt.known != nil {
					tt.known.Address = address
					if err := certs.NewKnownHosts(store).Add(*tt.known); err != nil {
						t.Fatal(err)
					}
				}
			}
			code, _, stderr := run(t, args...)
			if code != tt.code || !strings.Contains(stderr, tt.want) || !strings.Contains(stderr, "\nhint: ") || strings.Contains(stderr, "\x1b") {
				t.Errorf("code %d, want %d:\n%s", code, tt.code, stderr)
			}
		})
	}
	for _, c := range ExitCodes() {
		if c.Code >= exitOtherServer && c.Code <= exitDowngrade && !provoked[c.Code] {
			t.Errorf("exit code %d is not provoked: %s", c.Code, c.Meaning)
		}
	}
}

// C-07, C-08: a data connection with another certificate than the control connection has,
// or without the session that the server has always resumed, has an exit code too.
func TestOtherServer_C07_C08(t *testing.T) {
	a := newAuthority(t)
	local := []net.IP{net.IPv4(127, 0, 0, 1)}
	good, other := a.issue(a.key, &x509.Certificate{IPAddresses: local}), a.issue(a.key, &x509.Certificate{IPAddresses: local})
	leaf, err := x509.ParseCertificate(good.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data *tls.Config
		args []string
		code int
		want string
	}{
		"the same":            {nil, nil, exitOK, ""},
		"other certificate":   {&tls.Config{Certificates: []tls.Certificate{other}}, nil, exitOtherServer, "balancer"},
		"not resumed":         {&tls.Config{Certificates: []tls.Certificate{good}}, nil, exitOtherServer, "--allow-unresumed"},
		"not resumed, may be": {&tls.Config{Certificates: []tls.Certificate{good}}, []string{"--allow-unresumed"}, exitOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := ftptest.NewHostile(func(s *ftptest.Session) {
				s.Login("MLST type*;size*;")
				d := s.Transfer("MLSD*")
				d.Send("type=file;size=1; a\r\n")
				d.End()
				s.Reply("226 done")
			})
			defer h.Close()
			h.TLS, h.DataTLS = &tls.Config{Certificates: []tls.Certificate{good}}, tt.data
			store := filepath.Join(t.TempDir(), "known")
			known := certs.KnownHost{Address: h.Addr, Key: certs.PinOf(leaf), TLS13: true, Resumed: true}
			if err := certs.NewKnownHosts(store).Add(known); err != nil {
				t.Fatal(err)
			}
			u := h.URL()
			url := "ftpes://" + u.User + ":" + strings.ReplaceAll(u.Password, " ", "%20") + "@" + h.Addr + "/"
			code, out, stderr := run(t, append([]string{"ls", url, "--ca", a.ca, "--trust-store", store}, tt.args...)...)
			if code != tt.code || !strings.Contains(stderr, tt.want) || strings.Contains(out, "a") != (code == exitOK) {
				t.Errorf("code %d, want %d: %s\n%s", code, tt.code, out, stderr)
			}
		})
	}
}

// A server is shown its client certificate by --cert and --key.
func TestClientCertificateFlags(t *testing.T) {
	a := newAuthority(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{a.issue(a.key, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})}}
	got := make(chan int, 2)
	cfg.ClientAuth = tls.RequireAnyClientCert
	cfg.VerifyConnection = func(cs tls.ConnectionState) error { got <- len(cs.PeerCertificates); return nil }
	address := distrusted(t, cfg)
	certPEM, keyPEM, err := certs.SelfSigned(certs.Options{Hosts: []string{"anna"}})
	if err != nil {
		t.Fatal(err)
	}
	both := filepath.Join(t.TempDir(), "anna.pem")
	if err := os.WriteFile(both, append(certPEM, keyPEM...), 0o600); err != nil {
		t.Fatal(err)
	}
	url := "ftpes://anna:secret@" + address + "/"
	if code, _, stderr := run(t, "ls", url, "--ca", a.ca, "--cert", both, "--key", both); code != exitRefused || <-got != 1 {
		t.Errorf("code %d\n%s", code, stderr)
	}
	if code, _, stderr := run(t, "ls", url, "--ca", a.ca); code != exitTLS {
		t.Errorf("without: code %d\n%s", code, stderr)
	}
	if code, _, stderr := run(t, "ls", url, "--ca", a.ca, "--cert", a.ca, "--key", both); code != exitOther || !strings.Contains(stderr, "--cert") {
		t.Errorf("another's key: code %d\n%s", code, stderr)
	}
}

// The table of exit codes, as it is printed, is that of the program: each is there
// once, in order, and each reason not to trust a server has its own.
func TestExitCodesTable(t *testing.T) {
	code, text, _ := run(t, "help", "exit-codes")
	if code != exitOK {
		t.Fatalf("code %d", code)
	}
	last, known := -1, map[int]bool{}
	for _, c := range ExitCodes() {
		if c.Code <= last {
			t.Errorf("%d is out of order", c.Code)
		}
		last = c.Code
		known[c.Code] = true
		if !strings.Contains(text, fmt.Sprintf("%3d  %s\n", c.Code, c.Meaning)) {
			t.Errorf("%d is not printed", c.Code)
		}
	}
	for _, r := range trustReasons() {
		if !known[r.code] || r.hint == "" {
			t.Errorf("%v: code %d, hint %q", r.err, r.code, r.hint)
		}
	}
}

func TestParseServer(t *testing.T) {
	for in, want := range map[string]string{
		"files.example": "ftpes://files.example:21/", "files.example:990": "ftps://files.example:990/", "files.example:2121": "ftpes://files.example:2121/",
		"[2001:db8::1]:21": "ftpes://[2001:db8::1]:21/", "2001:db8::1": "ftpes://[2001:db8::1]:21/", "ftps://files.example": "ftps://files.example:990/",
		"": "", "a/b": "", "a@b": "", "a:x": "", "a:0": "", "http://x": "", "a\r\nb": "",
	} {
		got, err := parseServer(in, false)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: %q, %v", in, got.String(), err)
		}
	}
	if got, err := parseServer("files.example", true); err != nil || got.String() != "ftps://files.example:990/" {
		t.Errorf("implicit: %q, %v", got.String(), err)
	}
}

func TestParseFingerprint(t *testing.T) {
	certPEM, _, err := certs.SelfSigned(certs.Options{Hosts: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(certPEM)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	cs := tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
	hex := certs.Fingerprint(leaf)
	for in, want := range map[string]bool{
		certs.PinSPKI(leaf): true, certs.PinOf(leaf).Curl(): true, hex: true, strings.ToLower(hex): true, strings.ReplaceAll(hex, ":", ""): true, "": true,
		certs.Pin{}.String(): false, strings.Repeat("00", 32): false,
	} {
		matches, err := parseFingerprint(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
		} else if (matches(cs) == nil) != want {
			t.Errorf("%q: matches %v", in, !want)
		}
	}
	for _, bad := range []string{"x", hex[:30], hex + ":00", strings.Repeat("g", 64)} {
		if _, err := parseFingerprint(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// C-16: what a certificate says cannot drive the terminal at which it is judged.
func TestDescribeServer_C16(t *testing.T) {
	leaf := &x509.Certificate{DNSNames: []string{"\x1b]0;x\a", "\u202egnp", strings.Repeat("long", 100)}, PublicKey: nil}
	text := describeServer(tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}, "host")
	if bytes.ContainsAny([]byte(strings.ReplaceAll(text, "\n", "")), "\x1b\a") || strings.Contains(text, "\u202e") || len(text) > 2000 {
		t.Errorf("%q", text)
	}
}
