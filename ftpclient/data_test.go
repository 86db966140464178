package ftpclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sealane/sealane/ftp"
)

// dialled notes the addresses that a client connects to.
func dialled(opt *Options) func() []string {
	var mu sync.Mutex
	var all []string
	opt.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		all = append(all, address)
		mu.Unlock()
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return func() []string { mu.Lock(); defer mu.Unlock(); return all }
}

// C-01: the address of a passive reply is never used, a privileged port neither,
// and EPSV is asked for first.
//
func TestPassiveAddress_C01(t *testing.T) {
	for _, host := range []string{"10.9.8.7", "169.254.169.254", "0.0.0.0", "255.255.255.255", "127.0.0.2"} {
		t.Run(host, func(t *testing.T) {
			s := serve(t, func(c *session) {
				c.login()
				for i := range 2 {
					if i == 0 { // it is not asked for again after its refusal
						c.expect("EPSV")
						c.reply("500 what")
					}
					c.expect("PASV")
					c.reply(pasv(host, c.listen()))
					c.expect("RETR /f")
					c.reply("150 go")
					d := c.accept()
					_, _ = d.Write([]byte("data"))
					d.end()
					c.reply("226 done")
				}
			})
			opt := s.options()
			got := dialled(&opt)
			c := s.dial(opt)
			for range 2 {
				if _, err := c.Retrieve(t.Context(), "/f", 0, io.Discard); err != nil {
					t.Fatal(err)
				}
			}
			for _, address := range got() {
				if !strings.HasPrefix(address, "127.0.0.1:") {
					t.Errorf("connected to %s", address)
				}
			}
			if want := "AUTH USER PASS PBSZ PROT FEAT TYPE EPSV PASV RETR PASV RETR"; s.said() != want {
				t.Errorf("said %q, want %q", s.said(), want)
			}
		})
	}
}

// C-01, C-02: a port that is privileged or that cannot be read is an error, and
// nothing is connected to.
func TestPassiveReplies_C02(t *testing.T) {
	tests := []string{
		pasv("127.0.0.1", 22), pasv("127.0.0.1", 0), pasv("127.0.0.1", 1023),
		"227 no numbers", "227 (1,2,3,4,5)", "227 (127,0,0,1,256,1)", "227 (1,2,3,4,5,6,7)",
		"227 (127,0,0,1,200," + strings.Repeat("9", 40000) + ")",
		"229 (|||22|)", "229 (|||0|)", "229 (|||65536|)", "229 (|||-5|)", "229 |||5000|", "229 (||5000|)", "229 (|||abc|)",
		"229 ", "229 (|||" + strings.Repeat("1", 40000) + "|)",
	}
	for _, answer := range tests {
		s := serve(t, func(c *session) {
			c.login()
			c.expect("EPSV")
			if strings.HasPrefix(answer, "227") {
				c.reply("500 what")
				c.expect("PASV")
			}
			c.reply(answer)
		})
		opt := s.options()
		got := dialled(&opt)
		c := s.dial(opt)
		_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
		wantError(t, err, ErrProtocol)
		if n := len(got()); n != 1 {
			t.Errorf("%.40s: connected %d times", answer, n)
		}
		if err := c.Noop(t.Context()); err != nil {
			t.Errorf("%.40s: the session did not survive: %v", answer, err)
		}
	}
}

// C-06: PROT P was granted, but the data port speaks in clear: no byte of it is
// taken or given.
func TestPlaintextDataPort_C06(t *testing.T) {
	var wire []byte
	s := serve(t, func(c *session) {
		c.login()
		c.epsv()
		c.expect("STOR /f")
		c.reply("150 go")
		d := c.acceptRaw()
		_, _ = io.WriteString(d, "hello in clear, no TLS here\r\n")
		wire, _ = io.ReadAll(d)
		c.reply("226 thanks")
	})
	c := s.dial(s.options())
	_, err := c.Store(t.Context(), "/f", 0, strings.NewReader("the secret content"))
	wantError(t, err, ErrTLS)
	if err := c.Noop(t.Context()); err != nil {
		t.Errorf("the session did not survive: %v", err)
	}
	if bytes.Contains(wire, []byte("secret content")) {
		t.Error("the file went out in clear")
	}
}

// C-07, R-138: the data connection must show the certificate of the control connection,
// even if the other one would be trusted too (RFC 4217 §15.1.1).
//
func TestOtherDataCertificate_C07(t *testing.T) {
	for _, pinned := range []bool{false, true} {
		s := serve(t, func(c *session) { c.login(); _ = c.retr("/f"); c.failf("the data connection was accepted") })
		cert, _ := testCertificate(t)
		s.data = &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true}
		opt := s.options()
		opt.RootCAs.AddCert(cert.Leaf)
		if pinned {
			opt.Verify = func(tls.ConnectionState) error { return nil }
		}
		c := s.dial(opt)
		_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
		wantError(t, err, ErrTLS, ErrOtherCertificate)
	}
}

// T-01, C-08: every data connection resumes the control connection's session;
// one that does not, after others did, is refused unless that is allowed.
//
func TestDataResumes_C08(t *testing.T) {
	const transfers = 10
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, allow := range []bool{false, true} {
			t.Run(tls.VersionName(version)+" allow "+strconv.FormatBool(allow), func(t *testing.T) {
				s := serve(t, func(c *session) {
					c.login()
					for i := range transfers + 1 {
						if i == transfers {
							c.server.data = c.server.tls.Clone()
							c.server.data.SessionTicketsDisabled = true
						}
						d := c.retr("/f")
						d.end()
						c.reply("226 done")
					}
				})
				s.tls.MaxVersion = version
				opt := s.options()
				opt.AllowUnresumed = allow
				c := s.dial(opt)
				for range transfers {
					res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
					if err != nil || !res.Resumed {
						t.Fatalf("resumed %v, error %v", res.Resumed, err)
					}
				}
				res, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
				if allow && (err != nil || res.Resumed) {
					t.Errorf("resumed %v, error %v", res.Resumed, err)
				}
				if !allow {
					wantError(t, err, ErrTLS, ErrUnresumed)
				}
			})
		}
	}
}

// T-14: a refusal in the middle of an upload ends it, its text is shown, and the
// session goes on.
//
func TestRefusedWhileSending_T14(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		c.epsv()
		c.expect("STOR /f")
		c.reply("150 go")
		_ = c.accept() // and never reads
		c.reply("552 no more room for you")
	})
	c := s.dial(s.options())
	_, err := c.Store(t.Context(), "/f", 0, io.LimitReader(zeros{}, 64<<20))
	wantError(t, err)
	wantCode(t, err, ftp.Code552QuotaExceeded)
	if err := c.Noop(t.Context()); err != nil {
		t.Errorf("the session did not survive: %v", err)
	}
}

// The reason for a handshake that fails is often in the reply.
func TestHandshakeRefused(t *testing.T) {
	s := serve(t, func(c *session) {
		c.login()
		c.epsv()
		c.expect("RETR /f")
		c.reply("150 go")
		d := c.acceptRaw()
		c.reply("522 session reuse required")
		_ = d.Close()
	})
	c := s.dial(s.options())
	_, err := c.Retrieve(t.Context(), "/f", 0, io.Discard)
	wantError(t, err, ErrTLS)
	wantCode(t, err, ftp.Code522Protocol)
	if err := c.Noop(t.Context()); err != nil {
		t.Errorf("the session did not survive: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
