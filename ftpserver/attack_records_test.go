package ftpserver_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
)

// bearable is how many records in a row that bring nothing a session may take before it
// ends: what such a flood costs is bounded by their number, whatever clock is used.
const bearable = 32

// uselessRecord is a record, rightly sealed, that brings nothing forward.
type uselessRecord struct {
	name    string
	version uint16 // 0: both
	send    func(*recordLayer) error
}

func uselessRecords() []uselessRecord {
	return []uselessRecord{
		{"KeyUpdate that wants an answer", tls.VersionTLS13, func(l *recordLayer) error { return l.keyUpdate(true) }},
		{"KeyUpdate", tls.VersionTLS13, func(l *recordLayer) error { return l.keyUpdate(false) }},
		{"empty data", 0, func(l *recordLayer) error { return l.send(recordData, nil) }},
		{"warning", 0, func(l *recordLayer) error { return l.send(recordAlert, []byte{1, 90}) }}, // user_canceled
	}
}

// waste sends n of them, and gives the error that came of it, if any. Each
// is followed by a look at what the server says, where it says anything.
func (u uselessRecord) waste(l *recordLayer, n int) error {
	for range n {
		before := l.updates
		if err := u.send(l); err != nil {
			return err
		}
		for u.name == "KeyUpdate that wants an answer" && l.updates == before {
			if err := l.next(); err != nil {
				return err
			}
		}
	}
	return nil
}

// forUseless runs a test for every useless record in every version.
func forUseless(t *testing.T, run func(t *testing.T, version uint16, u uselessRecord)) {
	for _, u := range uselessRecords() {
		t.Run(strings.ReplaceAll(u.name, " ", "_"), func(t *testing.T) {
			tlsVersions(t, func(t *testing.T, version uint16) {
				if u.version != 0 && u.version != version {
					t.Skip("not in this version")
				}
				run(t, version, u)
			})
		})
	}
}

// endedBy reports whether the server ended the connection for what it was sent: by an
// alert, which may be lost in the RST behind it.
func endedBy(err error) bool {
	return errors.Is(err, alertReceived(alertUnexpectedMessage)) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// T-18, V-92: a few records that bring nothing are borne on the control connection, also
// again and again between commands; a flood of them ends the session, before and after
// login, after a number of records that is fixed. The others go on.
func TestT18UselessRecordsOnControl(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, nil)
	witness := connect(t, srv).login()
	forUseless(t, func(t *testing.T, version uint16, u uselessRecord) {
		for _, in := range []bool{false, true} {
			c := connect(t, srv)
			l := securedByHand(t, c, version)
			if in {
				c.userPass()
			}
			for range 20 {
				if err := u.waste(l, 10); err != nil {
					t.Fatalf("logged in %t: ten were too many: %v", in, err)
				}
				c.do("NOOP", "200")
			}
			err := u.waste(l, bearable)
			if err == nil {
				io.WriteString(l, "NOOP\r\n")
				_, err = l.Read(make([]byte, 1))
			}
			if !endedBy(err) {
				t.Errorf("logged in %t: behind %d of them: %v", in, bearable, err)
			}
		}
	})
	t.Run("others", func(t *testing.T) {
		if got, _ := witness.retr("f"); got != "data" {
			t.Errorf("got %q", got)
		}
	})
}

// T-18: the same on a data connection: the upload does not count, and the session goes on.
//
func TestT18UselessRecordsOnData(t *testing.T) {
	srv := serveTree(t, nil, func(s *ftpserver.Server) { s.TLS.Resumption = ftpserver.ResumptionOff })
	forUseless(t, func(t *testing.T, version uint16, u uselessRecord) {
		c := connect(t, srv)
		c.tls.MaxVersion = version
		c.login()
		begin := func(name string) *recordLayer {
			t.Helper()
			addr := c.epsv()
			c.do("STOR "+name, "150")
			cfg := c.tls.Clone()
			cfg.ClientSessionCache = nil
			l, _ := byHand(t, c.dialData(addr), cfg)
			return l
		}
		name := strings.ReplaceAll(t.Name(), "/", "_")
		l := begin(name)
		var want strings.Builder
		for range 20 {
			if err := u.waste(l, 10); err != nil {
				t.Fatalf("ten were too many: %v", err)
			}
			io.WriteString(&want, "some data ")
			if _, err := io.WriteString(l, "some data "); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.closeNotify(); err != nil {
			t.Fatal(err)
		}
		c.expect("226")
		wantFile(t, srv.FS, name, want.String())

		l = begin(name + "-flood")
		io.WriteString(l, "some data ")
		if err := u.waste(l, bearable); err != nil && !endedBy(err) {
			t.Errorf("the flood: %v", err)
		}
		l.closeNotify() // makes it a whole upload, if the flood was borne
		c.expect("426")
		wantNoFile(t, srv.FS, name+"-flood")
		c.do("NOOP", "200")
	})
}

// T-18, V-31, R-154: whoever asks for a new negotiation, or sends any other handshake
// message into a session, under the right keys, is refused by a fatal alert, or by
// no_renegotiation, and the session is over; no command behind it runs.
func TestT18Renegotiation(t *testing.T) {
	srv := serveTree(t, nil, nil)
	hello := firstHello(t, srv.ClientTLS()).record()[5:]
	tlsVersions(t, func(t *testing.T, version uint16) {
		for name, msg := range map[string][]byte{
			"ClientHello":               hello,
			"HelloRequest":              message(messageHelloRequest),
			"ticket":                    message(messageTicket, make([]byte, 20)...),
			"key update of unknown use": message(messageKeyUpdate, 2),
			"message of 16 MiB":         {messageClientHello, 0xff, 0xff, 0xff},
			"message of no kind":        message(99),
		} {
			t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
				c := connect(t, srv)
				l := securedByHand(t, c, version)
				c.userPass()
				if err := l.send(recordHandshake, msg); err != nil {
					t.Fatal(err)
				}
				_, err := c.tryReply()
				var alert alertReceived
				if !errors.As(err, &alert) {
					t.Errorf("want an alert, got %v", err)
				}
				l.send(recordData, []byte("MKD /made\r\n")) // may fail: the server has gone
				if _, err := io.ReadAll(l.Conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("the end of the connection: %v", err)
				}
				wantNoFile(t, srv.FS, "made")
			})
		}
	})
}

// T-18: a handshake message in pieces is not kept without bound: what is longer than a
// KeyUpdate is refused, at the latest when it is whole.
func TestT18MessageInPieces(t *testing.T) {
	srv := serveTree(t, nil, nil)
	c := connect(t, srv)
	l := securedByHand(t, c, tls.VersionTLS13)
	if err := l.send(recordHandshake, []byte{messageKeyUpdate, 0, 0xff, 0xff}); err != nil {
		t.Fatal(err)
	}
	for range 70 {
		if l.send(recordHandshake, make([]byte, 1000)) != nil {
			break
		}
	}
	var alert alertReceived
	if _, err := io.ReadAll(l); !errors.As(err, &alert) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the session ended by %v", err)
	}
}

// T-18, R-164: on control, keys change both ways before each command, more often than any
// bound on records that bring nothing.
func TestR164KeyUpdatesOnControl(t *testing.T) {
	srv := serveTree(t, nil, nil)
	c := connect(t, srv)
	l := securedByHand(t, c, tls.VersionTLS13)
	c.userPass()
	const times = 200
	for range times {
		if err := l.keyUpdate(true); err != nil {
			t.Fatal(err)
		}
		c.do("NOOP", "200")
	}
	if l.updates != times {
		t.Errorf("the server changed its keys %d times, was asked to %d times", l.updates, times)
	}
}

// in the midst of a transfer keys change, ours before each record, the
// server's as often; nothing of the file is lost or comes twice.
func TestR164KeyUpdatesInTransfer(t *testing.T) {
	srv := serveTree(t, nil, func(s *ftpserver.Server) { s.TLS.Resumption = ftpserver.ResumptionOff })
	c := connect(t, srv).login()
	cfg := c.tls.Clone()
	cfg.MinVersion, cfg.ClientSessionCache = tls.VersionTLS13, nil
	text := pattern(2_000_000)

	addr := c.epsv()
	c.do("STOR up", "150")
	l, _ := byHand(t, c.dialData(addr), cfg)
	asked := 0
	for rest := []byte(text); len(rest) > 0; asked++ {
		n := min(len(rest), 5000)
		if err := l.keyUpdate(true); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := l.closeNotify(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(l); err != nil {
		t.Errorf("what the server answered: %v", err)
	}
	if l.updates != asked {
		t.Errorf("the server changed its keys %d times, was asked to %d times", l.updates, asked)
	}
	c.expect("226")
	wantFile(t, srv.FS, "up", text)

	addr = c.epsv()
	c.do("RETR up", "150")
	l, _ = byHand(t, c.dialData(addr), cfg)
	var got bytes.Buffer
	for part := make([]byte, 50_000); ; {
		n, err := l.Read(part)
		got.Write(part[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := l.keyUpdate(true); err != nil {
			t.Fatal(err)
		}
	}
	if got.String() != text {
		t.Errorf("%d bytes came, and not those of the file", got.Len())
	}
	l.closeNotify()
	l.Close()
	c.expect("226")
}

// T-18: a client that makes the server answer KeyUpdates in an upload and reads none of the
// answers is given up, by the limit of transfers that stand still.
func TestT18AnswersNotRead(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		s.Limits.Stall = time.Second
		s.TLS.Resumption = ftpserver.ResumptionOff
	})
	c := connect(t, srv).login()
	addr := c.epsv()
	c.do("STOR f", "150")
	cfg := c.tls.Clone()
	cfg.MinVersion, cfg.ClientSessionCache = tls.VersionTLS13, nil
	tcp := c.dialData(addr)
	tcp.SetReadBuffer(4 << 10)
	l, _ := byHand(t, tcp, cfg)
	for l.keyUpdate(true) == nil && l.send(recordData, []byte("x")) == nil {
	}
	c.expect("426")
	wantNoFile(t, srv.FS, "f")
}
