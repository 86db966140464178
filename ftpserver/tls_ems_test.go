package ftpserver_test

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"net"
	"slices"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// extEMS is the extension of the extended master secret (RFC 7627 §5.1).
const extEMS uint16 = 23

// emsServer is a server of which the test knows the keys of its tickets: desk opens and
// seals them.
func emsServer(t *testing.T) (srv *ftptest.Server, desk *tls.Config) {
	t.Helper()
	srv = serveTree(t, map[string]string{"/f": "data"}, nil)
	connect(t, srv).expect("220") // the server has been started
	var key [32]byte
	rand.Read(key[:])
	ftpserver.SetTicketKeys(srv.Server, [][32]byte{key})
	desk = &tls.Config{}
	desk.SetSessionTicketKeys([][32]byte{key})
	return srv, desk
}

// withoutEMS is a session as it would be had it been made without the extended master secret.
// A SessionState has no field for it: it stands behind secret and extras in its text.
func withoutEMS(t *testing.T, s *tls.SessionState) *tls.SessionState {
	t.Helper()
	b, err := s.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	at := 2 + 1 + 2 + 8
	at += 1 + int(b[at])
	at += 3 + int(b[at])<<16 + int(binary.BigEndian.Uint16(b[at+1:]))
	if b[at] != 1 {
		t.Fatalf("the session has no extended master secret, or its text is another: % x", b[:at+1])
	}
	b[at] = 0
	if s, err = tls.ParseSessionState(b); err != nil {
		t.Fatal(err)
	}
	return s
}

// a session without the extended master secret is not gone on with by a client that
// has it: the handshake is done in full, and the transfer works (RFC 7627 §5.3).
func TestR171SessionWithoutEMS(t *testing.T) {
	srv, desk := emsServer(t)
	c, cache := loginWith(t, srv, tls.VersionTLS12)
	if got, resumed := c.retr("f"); got != "data" || !resumed {
		t.Fatalf("as it is: got %q, resumed %t", got, resumed)
	}
	ticket, _, err := cache.state.ResumptionState()
	if err != nil {
		t.Fatal(err)
	}
	session, err := desk.DecryptTicket(ticket, tls.ConnectionState{})
	if session == nil || err != nil {
		t.Fatalf("the ticket is not sealed with our key: %v", err)
	}
	reseal := func(s *tls.SessionState) {
		t.Helper()
		sealed, err := desk.EncryptTicket(tls.ConnectionState{}, s)
		if err != nil {
			t.Fatal(err)
		}
		_, own, err := cache.state.ResumptionState()
		if err != nil {
			t.Fatal(err)
		}
		if cache.state, err = tls.NewResumptionState(sealed, own); err != nil {
			t.Fatal(err)
		}
	}
	reseal(session) // it is not the sealing that makes the difference
	if got, resumed := c.retr("f"); got != "data" || !resumed {
		t.Fatalf("sealed again: got %q, resumed %t", got, resumed)
	}
	reseal(withoutEMS(t, session))
	if got, resumed := c.retr("f"); got != "data" || resumed {
		t.Errorf("without: got %q, resumed %t", got, resumed)
	}
}

// withoutHelloEMS makes of the extension, in the ClientHello that passes through, one that
// nobody knows.
type withoutHelloEMS struct {
	net.Conn
	done bool
}

func (w *withoutHelloEMS) Write(p []byte) (int, error) {
	if !w.done {
		w.done, p = true, slices.Clone(p)
		at := 5 + 4 + 2 + 32 // behind the random, in the message of the record
		at += 1 + int(p[at]) // the session
		at += 2 + int(binary.BigEndian.Uint16(p[at:]))
		at += 1 + int(p[at]) // the compression
		for at += 2; at < len(p) && binary.BigEndian.Uint16(p[at:]) != extEMS; {
			at += 4 + int(binary.BigEndian.Uint16(p[at+2:]))
		}
		binary.BigEndian.PutUint16(p[at:], 0x1a1a) // of RFC 8701: ignored
	}
	return w.Conn.Write(p)
}

// a hello that has lost the extension does not go on with a session that was made with
// it: the handshake ends without a ServerHello, and the data connection is not served.
func TestR171HelloWithoutEMS(t *testing.T) {
	srv, _ := emsServer(t)
	c, _ := loginWith(t, srv, tls.VersionTLS12)
	addr := c.epsv()
	c.do("RETR f", "150")
	wire := &tee{Conn: c.dialData(addr)}
	s := tls.Client(&withoutHelloEMS{Conn: wire}, c.tls)
	if s.Handshake() == nil {
		t.Error("the handshake succeeded")
	}
	if b := wire.got.Bytes(); len(b) > 0 && b[0] != recordAlert {
		t.Errorf("the server answered % x", b)
	}
	c.expect("522")
	if got, resumed := c.retr("f"); got != "data" || !resumed {
		t.Errorf("afterwards: got %q, resumed %t", got, resumed)
	}
}
