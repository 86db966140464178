package ftpserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// twoHosts makes a.example and b.example, of which the first has a certificate of its
// own; the server is localhost as always.
func twoHosts(s *ftpserver.Server) {
	pair, _ := ftptest.Certificate("a.example")
	s.Hosts = []ftpserver.Host{
		{Names: []string{"a.example", "ftp.a.example"}, Greeting: "This is A.",
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &pair, nil }},
		{Names: []string{"b.example"}, Greeting: "This is B."},
	}
}

// named is connect with a server name for the handshakes; "" sends none.
func named(t *testing.T, srv *ftptest.Server, addr, name string) *rawClient {
	t.Helper()
	c := connectFrom(t, srv, addr, "")
	c.tls.ServerName, c.tls.InsecureSkipVerify = name, true
	return c
}

// shownTo is the name in the certificate of a TLS connection.
func shownTo(conn net.Conn) string {
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].DNSNames[0]
}

// wantUnrecognized checks that a handshake fails by the alert unrecognized_name.
func (c *rawClient) wantUnrecognized(what string) {
	c.t.Helper()
	if err := tls.Client(c.tcp, c.tls).Handshake(); !strings.Contains(alertOf(err), "unrecognized name") {
		c.t.Errorf("%s: %v", what, err)
	}
}

// the server name of the handshake, or HOST before it, chooses greeting,
// certificate and what Login is told. Data connections show the certificate of
// control (RFC 4217 §15.1.1), whatever name they send.
func TestHostIsChosen(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []string
	events := &eventLog{}
	srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) {
		twoHosts(s)
		s.Observe = events.observe
		login := s.Login
		s.Login = func(ctx context.Context, c auth.Credentials) (*auth.Grant, error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, c.Host)
			return login(ctx, c)
		}
	})
	for _, test := range []struct{ host, sni, later, certificate, login string }{
		{"", "", "", "localhost", ""},
		{"", "localhost", "", "localhost", ""}, // not among the hosts, and not strict
		{"", "a.example", "", "a.example", "a.example"},
		{"", "FTP.A.Example", "", "a.example", "a.example"},
		{"", "b.example", "b.example", "localhost", "b.example"},
		{"a.example", "", "", "a.example", "a.example"},
		{"a.example", "a.example", "", "a.example", "a.example"},
		{"b.example", "", "ftp.a.example", "localhost", "a.example"}, // too late for the certificate
		{"127.0.0.1", "", "", "localhost", ""},
	} {
		c := named(t, srv, srv.Addr, test.sni)
		c.expect("220 FTP server ready.")
		if test.host != "" {
			c.do("HOST "+test.host, "220")
		}
		c.do("AUTH TLS", "234")
		c.handshake()
		if test.later != "" {
			c.do("HOST "+test.later, "220 This is ")
		}
		c.do("PBSZ 0", "200")
		c.do("PROT P", "200")
		c.userPass()
		mu.Lock()
		if got := told[len(told)-1]; got != test.login {
			t.Errorf("%+v: Login was told %q", test, got)
		}
		mu.Unlock()
		logins := events.of(ftpserver.EventLogin)
		if got := logins[len(logins)-1].Host; got != test.login {
			t.Errorf("%+v: the event has %q", test, got)
		}
		if got := shownTo(c.conn); got != test.certificate {
			t.Errorf("%+v: control shows %s", test, got)
		}
		for _, sni := range []string{test.sni, "", "b.example", "other.example"} {
			c.tls.ServerName = sni
			c.tls.ClientSessionCache = nil // a handshake with certificates
			addr := c.epsv()
			c.do("RETR f", "150")
			data, _ := c.secureData(addr)
			if got := shownTo(data); got != test.certificate {
				t.Errorf("%+v: data for %q shows %s", test, sni, got)
			}
			io.Copy(io.Discard, data)
			c.expect("226")
		}
	}
}

// On an implicit port the server name chooses the greeting, too.
func TestHostOnImplicitPort(t *testing.T) {
	srv := serveTree(t, nil, twoHosts)
	for sni, want := range map[string]string{"a.example": "220 This is A.", "": "220 FTP server ready.", "c.example": "220 FTP server ready."} {
		c := named(t, srv, srv.ImplicitAddr, sni)
		c.handshake()
		c.expect(want)
		if sni == "" {
			c.do("HOST b.example", "220 This is B.")
		}
		c.do("REIN", want) // forgets HOST, and not the name of the handshake
	}
}

// HOST in clear and a handshake for another name do not go together: the
// handshake fails, with or without strictness.
func TestHostAndHandshakeDiffer(t *testing.T) {
	events := &eventLog{}
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		twoHosts(s)
		s.Observe = events.observe
	})
	for host, sni := range map[string]string{"a.example": "b.example", "b.example": "c.example", "ftp.a.example": "a.example", "127.0.0.1": "a.example"} {
		c := named(t, srv, srv.Addr, sni)
		c.expect("220")
		c.do("HOST "+host, "220")
		c.do("AUTH TLS", "234")
		c.wantUnrecognized(host + " and " + sni)
		c.expectClosed()
	}
	failed := events.of(ftpserver.EventTLSFailed)
	if len(failed) != 4 || strings.Contains(failed[0].Err.Error(), "certificate") {
		t.Errorf("events %v", failed)
	}
}

// helloFor is a ClientHello whose server name is put in as it is.
func helloFor(t *testing.T, srv *ftptest.Server, name string) string {
	t.Helper()
	place := "x.example"
	for len(place) < len(name) {
		place = "x" + place
	}
	place = place[len(place)-len(name):]
	w := &wireConn{TCPConn: connect(t, srv).tcp, hold: true, forge: []byte{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28}}
	config := srv.ClientTLS()
	config.ServerName = place
	if tls.Client(w, config).Handshake() == nil || bytes.Count(w.held, []byte(place)) != 1 {
		t.Fatalf("no ClientHello for %q", name)
	}
	return string(bytes.Replace(w.held, []byte(place), []byte(name), 1))
}

// T-16: no server name, the right one and an address are served; another one, an
// endless one and one of control bytes get unrecognized_name where the server is
// strict, and the server's own certificate elsewhere. None of it reaches the log.
func TestT16HostNames(t *testing.T) {
	t.Parallel()
	for _, strict := range []bool{false, true} {
		var out syncBuffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		srv := serveTree(t, nil, func(s *ftpserver.Server) {
			twoHosts(s)
			s.TLS.StrictSNI = strict
			s.Logger = log
			s.Observe = func(_ context.Context, e ftpserver.Event) { log.Info(fmt.Sprintf("%+v", e)) }
		})
		for _, test := range []struct {
			name  string
			known bool
		}{
			{"a.example", true}, {"B.EXAMPLE", true}, {"127.0.0.1", true}, {"192.0.2.200", true}, {"2001:db8::1", true},
			{"localhost", false}, {"evil.example", false}, {strings.Repeat("evil", 75), false}, {"evil\x00.example", false},
			{"a.example\x00", false}, {"evil\r\nlevel=ERROR", false}, {"evil\x1b[2J.exam", false}, {"\xff\xfeevil.exam", false}, {"a.example/", false},
		} {
			c := connectFrom(t, srv, srv.ImplicitAddr, "")
			io.WriteString(c.tcp, helloFor(t, srv, test.name))
			first := make([]byte, 7)
			if _, err := io.ReadFull(c.r, first); err != nil {
				t.Fatal(err)
			}
			refused := first[0] == 0x15 && first[6] == 112
			if served := first[0] == 0x16; refused == served || served != (test.known || !strict) {
				t.Errorf("strict %v, %.20q: the server begins with %x", strict, test.name, first)
			}
			c.away()
		}
		absent := named(t, srv, srv.ImplicitAddr, "")
		absent.handshake()
		absent.expect("220")
		srv.Close()
		if text := out.String(); strings.Contains(text, "evil") || strings.Contains(text, "2J") || strings.Contains(text, "ERROR") {
			t.Errorf("the log: %s", text)
		}
	}
}

// Names that are none, or that two hosts have, are mistakes of the settings.
func TestHostsAreChecked(t *testing.T) {
	for _, names := range [][]string{
		nil, {""}, {"a.example."}, {"a..b"}, {"-a"}, {"a-"}, {"bücher.example"}, {"127.0.0.1"}, {"[::1]"}, {"::1"}, {"a:21"},
		{strings.Repeat("a", 64)}, {strings.Repeat("a.", 127)}, {"a.example", "A.example"},
	} {
		srv := &ftpserver.Server{
			Login: func(context.Context, auth.Credentials) (*auth.Grant, error) { return nil, auth.ErrDenied },
			TLS:   ftpserver.TLSPolicy{InsecurePlaintext: true},
			Hosts: []ftpserver.Host{{Names: names}},
		}
		if err := srv.Serve(newPipeListener()); err == nil || !strings.Contains(err.Error(), "Server.Hosts") {
			t.Errorf("%q: %v", names, err)
		}
		srv.Hosts = nil
	}
	srv := &ftpserver.Server{
		Login: func(context.Context, auth.Credentials) (*auth.Grant, error) { return nil, auth.ErrDenied },
		TLS:   ftpserver.TLSPolicy{InsecurePlaintext: true, StrictSNI: true},
	}
	if err := srv.Serve(newPipeListener()); err == nil {
		t.Error("strict without hosts")
	}
}

// FEAT lists HOST where it does something, and only there.
func TestFeatHost(t *testing.T) {
	lines := func(configure func(*ftpserver.Server)) []string {
		c := dialStrict(t, serveTree(t, nil, configure).Addr)
		return c.must(211, "FEAT").lines
	}
	if !slices.Contains(lines(twoHosts), "HOST") || slices.Contains(lines(nil), "HOST") {
		t.Error("HOST is listed where it is not done, or not where it is")
	}
}
