package ftpclient

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
)

// tapped is a connection whose bytes a meddler sees and may change.
type tapped struct {
	net.Conn
	written, read func([]byte) []byte
}

func (c tapped) Write(p []byte) (int, error) {
	if _, err := c.Conn.Write(c.written(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return copy(p, c.read(p[:n])), err
}

func same(p []byte) []byte { return p }

// tap lets a meddler see what opt's connections carry, and counts them.
func tap(opt *Options, written, read func([]byte) []byte) (count func() int) {
	var mu sync.Mutex
	n := 0
	opt.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		n++
		mu.Unlock()
		raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return tapped{raw, written, read}, nil
	}
	return func() int { mu.Lock(); defer mu.Unlock(); return n }
}

// R-123, V-71: right behind the line end of AUTH TLS and its 234, the client sends
// a handshake and nothing else.
func TestHandshakeAtOnce_R123_V71(t *testing.T) {
	s := serve(t, func(c *session) { c.login() })
	opt := s.options()
	var mu sync.Mutex
	var sent []byte
	tap(&opt, func(p []byte) []byte { mu.Lock(); defer mu.Unlock(); sent = append(sent, p...); return p }, same)
	s.dial(opt)
	mu.Lock()
	defer mu.Unlock()
	rest, ok := bytes.CutPrefix(sent, []byte("AUTH TLS\r\n"))
	if !ok || len(rest) < 6 || rest[0] != 22 || rest[1] != 3 || rest[5] != 1 { // a handshake record, with a ClientHello
		t.Errorf("sent %q", sent[:min(len(sent), 40)])
	}
}

// C-05, V-70: whatever the refusal of AUTH TLS, its reason can be told: no TLS at
// all, or not at the moment.
func TestPlaintextOnly_C05_V70(t *testing.T) {
	for answer, only := range map[string]bool{"500 what": true, "534 policy": true, "230 in": true, "331 password": true, "431 later": false, "421 bye": false} {
		s := serve(t, func(c *session) { c.reply("220 ready"); c.expect("AUTH TLS"); c.reply(answer) })
		_, err := Dial(t.Context(), s.url(), s.options())
		wantError(t, err, ErrTLS)
		if errors.Is(err, ErrPlaintextOnly) != only {
			t.Errorf("%s: %v", answer, err)
		}
		if s.said() != "AUTH" {
			t.Errorf("%s: said %q", answer, s.said())
		}
	}
}

// USER is sent even with a client certificate; R-139: the data connection
// shows the same one.
func TestClientCertificate_R124(t *testing.T) {
	s := serve(t, func(c *session) {
		c.start()
		c.expect("USER anna")
		c.reply("232 your certificate will do")
		c.expect("PBSZ 0")
		c.reply("200 ok")
		c.expect("PROT P")
		c.reply("200 ok")
		c.ready()
		for range 2 {
			d := c.retr("/f")
			if got := d.ConnectionState().PeerCertificates; len(got) == 0 {
				c.failf("no client certificate on data")
			}
			d.end()
			c.reply("226 done")
			c.server.data = c.server.tls.Clone()
			c.server.data.SessionTicketsDisabled = true // shown, and not only carried in a ticket
		}
	})
	cert, _ := testCertificate(t)
	s.tls.ClientAuth = tls.RequireAnyClientCert
	opt := s.options()
	opt.Certificates, opt.AllowUnresumed = []tls.Certificate{cert}, true
	c := s.dial(opt)
	for range 2 {
		if _, err := c.Retrieve(t.Context(), "/f", 0, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
}

// a handshake that fails is not tried again in another way, and
// nothing below TLS 1.2 is offered.
func TestNoFallback_R150_R151(t *testing.T) {
	var mu sync.Mutex
	var offered []uint16
	s := serve(t, func(c *session) {
		c.reply("220 ready")
		c.expect("AUTH TLS")
		c.reply("234 go on")
		c.upgrade()
		c.failf("the handshake did not fail")
	})
	s.tls.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		offered = append(offered, hello.SupportedVersions...)
		return nil, errors.New("no")
	}
	opt := s.options()
	dials := tap(&opt, same, same)
	_, err := Dial(t.Context(), s.url(), opt)
	wantError(t, err, ErrTLS)
	mu.Lock()
	defer mu.Unlock()
	if n := dials(); n != 1 || s.said() != "AUTH" || slices.Min(offered) < tls.VersionTLS12 || len(offered) != 2 {
		t.Errorf("%d connections, said %q, offered %x", n, s.said(), offered)
	}
}

// the name of the server is sent, an address is not.
func TestServerName_R155(t *testing.T) {
	for host, want := range map[string]string{"127.0.0.1": "", "files.example": "files.example", "files.example.": "files.example"} {
		names := make(chan string, 1)
		s := serve(t, func(c *session) { c.login() })
		s.tls.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) { names <- hello.ServerName; return nil, nil }
		opt := Options{Verify: func(tls.ConnectionState) error { return nil }}
		opt.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.ln.Addr().String())
		}
		u := s.url()
		u.Host = host
		c, err := Dial(t.Context(), u, opt)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if got := <-names; got != want {
			t.Errorf("%s: sent %q, want %q", host, got, want)
		}
	}
}

// the client offers "ftp" on control and "ftp-data" and "ftp" on data, does
// without an answer, and refuses one that it did not offer.
func TestALPN_R156(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for protocols, want := range map[string][2]string{"": {}, "ftp": {"ftp", "ftp"}, "ftp-data,ftp": {"ftp", "ftp-data"}} {
			var offered [][]string // by one handshake after the other
			var chosen string
			s := serve(t, func(c *session) {
				c.login()
				d := c.retr("/f")
				chosen = d.ConnectionState().NegotiatedProtocol
				d.end()
				c.reply("226 done")
			})
			s.tls.MaxVersion = version
			if protocols != "" {
				s.tls.NextProtos = strings.Split(protocols, ",")
			}
			s.tls.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				offered = append(offered, hello.SupportedProtos)
				return nil, nil
			}
			c := s.dial(s.options())
			res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
			if err != nil || !res.Resumed {
				t.Fatalf("C-08, resumed with another id: %v, %v", res.Resumed, err)
			}
			if got := [2]string{c.TLS().NegotiatedProtocol, chosen}; got != want {
				t.Errorf("%q: chosen %q, want %q", protocols, got, want)
			}
			if len(offered) != 2 || !slices.Equal(offered[0], []string{"ftp"}) || !slices.Equal(offered[1], []string{"ftp-data", "ftp"}) {
				t.Errorf("offered %q", offered)
			}
		}
	}
	t.Run("not offered", func(t *testing.T) {
		s := serve(t, func(c *session) { c.start(); c.failf("the handshake did not fail") })
		s.tls.MaxVersion, s.tls.NextProtos = tls.VersionTLS12, []string{"ftp"} // where the answer can be seen on the way
		opt := s.options()
		changed := false
		tap(&opt, same, func(p []byte) []byte {
			q := bytes.Replace(p, []byte("\x00\x10\x00\x06\x00\x04\x03ftp"), []byte("\x00\x10\x00\x06\x00\x04\x03ftq"), 1)
			changed = changed || !bytes.Equal(p, q)
			return q
		})
		_, err := Dial(t.Context(), s.url(), opt)
		wantError(t, err, ErrTLS)
		if !changed || !strings.Contains(err.Error(), "ALPN") {
			t.Errorf("changed %v: %v", changed, err)
		}
	})
}

// a meddler who takes TLS 1.3 out of what the client offers is noticed by
// the mark in the server's random (RFC 8446 §4.1.3).
func TestDowngradeSentinel_R173(t *testing.T) {
	s := serve(t, func(c *session) { c.start(); c.failf("the handshake did not fail") })
	opt := s.options()
	changed := false
	tap(&opt, func(p []byte) []byte {
		q := bytes.Replace(p, []byte("\x00\x2b\x00\x05\x04\x03\x04\x03\x03"), []byte("\x00\x2b\x00\x05\x04\x03\x03\x03\x03"), 1)
		changed = changed || !bytes.Equal(p, q)
		return q
	}, same)
	_, err := Dial(t.Context(), s.url(), opt)
	wantError(t, err, ErrTLS)
	if !changed || !strings.Contains(err.Error(), "downgrade") {
		t.Errorf("changed %v: %v", changed, err)
	}
}

// R-160, V-28: without Verify, too, only the subject alternative names count, and
// a NUL does not end one.
func TestNames_R160_V28(t *testing.T) {
	for host, want := range map[string]bool{"files.example": true, "a.wild.example": true, "a.b.wild.example": false, "common.example": false, "nul.example": false, "127.0.0.1": false} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			DNSNames: []string{"files.example", "*.wild.example", "nul.example\x00.evil.example", "127.0.0.1"},
		}
		template.Subject.CommonName = "common.example"
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		s := serve(t, func(c *session) { c.login() })
		s.tls.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
		opt := Options{RootCAs: x509.NewCertPool()}
		opt.RootCAs.AddCert(leaf)
		opt.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.ln.Addr().String())
		}
		u := s.url()
		u.Host = host
		c, err := Dial(t.Context(), u, opt)
		if err == nil {
			_ = c.Close()
		}
		var name x509.HostnameError
		if (err == nil) != want || err != nil && !errors.As(err, &name) {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// C-07: a server that shows another certificate at the next connection is judged
// anew.
func TestChangedAtReconnect_C07(t *testing.T) {
	s := serve(t, func(c *session) { c.login() })
	first := s.tls.Certificates[0].Leaf
	other, _ := testCertificate(t)
	certificates := []tls.Certificate{s.tls.Certificates[0], other}
	s.tls.Certificates = nil
	var mu sync.Mutex
	s.tls.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		mu.Lock()
		defer mu.Unlock()
		c := certificates[0]
		certificates = certificates[1:]
		return &c, nil
	}
	changed := errors.New("changed")
	opt := Options{Verify: func(cs tls.ConnectionState) error {
		if !cs.PeerCertificates[0].Equal(first) {
			return changed
		}
		return nil
	}}
	s.dial(opt)
	_, err := Dial(t.Context(), s.url(), opt)
	wantError(t, err, ErrTLS, changed)
}

// C-08: a server that is known to resume has to from the first data
// connection on; that it does is told once.
func TestExpectResumed_C08(t *testing.T) {
	for _, tickets := range []bool{true, false} {
		for _, allow := range []bool{true, false} {
			t.Run(strconv.FormatBool(tickets)+" allow "+strconv.FormatBool(allow), func(t *testing.T) {
				s := serve(t, func(c *session) {
					c.login()
					for range 2 {
						d := c.retr("/f")
						d.end()
						c.reply("226 done")
					}
				})
				s.tls.SessionTicketsDisabled = !tickets
				told := 0
				opt := s.options()
				opt.ExpectResumed, opt.AllowUnresumed, opt.DataResumed = true, allow, func() { told++ }
				c := s.dial(opt)
				for range 2 {
					if _, err := c.Retrieve(t.Context(), "/f", 0, io.Discard); tickets || allow {
						if err != nil {
							t.Fatal(err)
						}
					} else {
						wantError(t, err, ErrTLS, ErrUnresumed)
					}
				}
				if want := map[bool]int{true: 1}[tickets]; told != want {
					t.Errorf("told %d times, want %d", told, want)
				}
			})
		}
	}
}

// A probe shows what a server has, and says no user name.
func TestProbe(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		s := serve(t, func(c *session) {
			if implicit {
				c.upgrade()
				c.reply("220 ready")
			} else {
				c.start()
			}
		})
		u := s.url()
		u.User, u.Password = "", ""
		if implicit {
			u.Security = ftp.Implicit
		}
		state, err := Probe(t.Context(), u, Options{Verify: func(tls.ConnectionState) error { return nil }})
		if err != nil || !state.PeerCertificates[0].Equal(s.tls.Certificates[0].Leaf) {
			t.Errorf("%v", err)
		}
		if got := strings.TrimPrefix(s.said(), "AUTH "); got != "QUIT" {
			t.Errorf("said %q", s.said())
		}
		if _, err := Probe(t.Context(), u, Options{}); !errors.Is(err, ErrTLS) {
			t.Errorf("without Verify: %v", err)
		}
		if _, err := Probe(t.Context(), u, Options{InsecurePlaintext: true}); err == nil {
			t.Error("a probe without TLS")
		}
	}
}

// A server that asks for a client certificate says only after the handshake of TLS
// 1.3 that there was none: that is about TLS, not about the network.
func TestClientCertificateMissing(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := serve(t, func(c *session) { c.start() })
		s.tls.ClientAuth, s.tls.MaxVersion = tls.RequireAnyClientCert, version
		_, err := Dial(t.Context(), s.url(), s.options())
		wantError(t, err, ErrTLS)
	}
}
