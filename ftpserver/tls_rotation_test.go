package ftpserver_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// keyring is a certificate that changes, each time with another key.
type keyring struct {
	list []tls.Certificate
	pool *x509.CertPool // trusts all of them
	now  atomic.Pointer[tls.Certificate]
}

func newKeyring(t testing.TB, n int) *keyring {
	t.Helper()
	k := &keyring{pool: x509.NewCertPool()}
	for range n {
		pair, _ := ftptest.Certificate("localhost")
		k.list = append(k.list, pair)
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		k.pool.AddCert(leaf)
	}
	k.rotate(0)
	return k
}

func (k *keyring) rotate(i int) { k.now.Store(&k.list[i%len(k.list)]) }

func (k *keyring) configure(s *ftpserver.Server) {
	s.TLS.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return k.now.Load(), nil }
}

// connect is connect for a client that trusts every certificate of the ring.
func (k *keyring) connect(t testing.TB, srv *ftptest.Server) *rawClient {
	t.Helper()
	c := connect(t, srv)
	c.tls.RootCAs = k.pool
	return c
}

// leafOf is the certificate that the server showed on a connection.
func leafOf(conn any) []byte {
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw
}

// rotatedTransfer is an upload in the middle of which the certificate changes.
type rotatedTransfer struct {
	*rawClient
	name, rest string
	data       *tls.Conn
	end        func() error
}

// T-10: the certificate and its key change 50 times in the midst of 200 parallel
// uploads. None fails; each new session sees the new leaf, and a running one goes
// on resuming, without a look at it.
func TestT10CertificateRotation(t *testing.T) {
	t.Parallel()
	const transfers, rotations = 200, 50
	ring := newKeyring(t, rotations+1)
	srv := ftptest.NewServerFS(memfs.New(), ring.configure)
	t.Cleanup(srv.Close)
	body := pattern(40_000)

	var running []*rotatedTransfer
	for range transfers {
		running = append(running, &rotatedTransfer{rawClient: ring.connect(t, srv).inGoroutine()})
	}
	var all sync.WaitGroup
	for i, r := range running {
		all.Go(func() {
			r.tls.MaxVersion = []uint16{tls.VersionTLS12, tls.VersionTLS13}[i%2]
			r.login()
			r.name, r.rest = fmt.Sprintf("up%d", i), body[len(body)/2:]
			addr := r.epsv()
			r.do("STOR "+r.name, "150")
			s, tcp := r.secureData(addr)
			if _, err := io.WriteString(s, body[:len(body)/2]); err != nil {
				r.fail("%s: %v", r.name, err)
			}
			r.data, r.end = s, func() error { return endUpload(s, tcp) }
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	for i := 1; i <= rotations; i++ {
		ring.rotate(i)
		fresh := ring.connect(t, srv).login()
		if !bytes.Equal(leafOf(fresh.conn), ring.list[i].Certificate[0]) {
			t.Errorf("after rotation %d a new session sees an old leaf", i)
		}
		fresh.do("QUIT", "221")
		fresh.away()
		for n := (i - 1) * transfers / rotations; n < i*transfers/rotations; n++ {
			all.Go(running[n].finish)
		}
	}
	all.Wait()
	for _, r := range running {
		wantFile(t, srv.FS, r.name, body)
	}
}

// finish sends the rest of the upload, and brings the file back in the same session.
func (r *rotatedTransfer) finish() {
	before := leafOf(r.conn)
	if _, err := io.WriteString(r.data, r.rest); err != nil {
		r.fail("%s: %v", r.name, err)
	}
	if err := r.end(); err != nil {
		r.fail("%s: %v", r.name, err)
	}
	r.expect("226")
	addr := r.epsv()
	r.do("RETR "+r.name, "150")
	s, _ := r.secureData(addr)
	if r.tls.MaxVersion == tls.VersionTLS13 { // in 1.2 this cache took the empty ticket for one
		if !s.ConnectionState().DidResume || !bytes.Equal(leafOf(s), before) {
			r.t.Errorf("%s: resumed %v, with the leaf of its session %v",
				r.name, s.ConnectionState().DidResume, bytes.Equal(leafOf(s), before))
		}
	}
	got, err := io.ReadAll(s)
	if len(got) != 2*len(r.rest) || err != nil {
		r.fail("%s: %d bytes, %v", r.name, len(got), err)
	}
	r.expect("226")
	r.do("QUIT", "221")
	r.away()
}

// rotation changes what handshakes are made with, and may do so at any time.
type rotation struct {
	ring *keyring
	srv  *ftpserver.Server
	mu   sync.Mutex
	keys [2][32]byte // of tickets: the last two count
	n    int
}

func (r *rotation) next() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	r.ring.rotate(r.n)
	r.keys[1] = r.keys[0]
	rand.Read(r.keys[0][:])
	ftpserver.SetTicketKeys(r.srv, r.keys[:])
}

// T-20: a thousand handshakes of data connections, as many at once as there are
// sessions, while the keys of tickets and the certificates change, and sessions
// with configurations of their own come and go. The race detector judges, and no
// transfer fails: whoever shows a ticket that is too old shakes hands in full.
func TestT20RotationUnderHandshakes(t *testing.T) {
	t.Parallel()
	const sessions, each, every = 100, 10, 40
	ring := newKeyring(t, 8)
	events := &eventLog{}
	srv := ftptest.NewServerFS(memfs.From(map[string]string{"/f": "data"}), func(s *ftpserver.Server) {
		ring.configure(s)
		s.Observe = events.observe
		s.TLS.Resumption = ftpserver.ResumptionOff // nobody waits for a rival here
	})
	t.Cleanup(srv.Close)
	r := &rotation{ring: ring, srv: srv.Server}
	var begun atomic.Int64
	var all sync.WaitGroup
	for i := range sessions {
		c := ring.connect(t, srv).inGoroutine()
		c.tls.MaxVersion = []uint16{tls.VersionTLS12, tls.VersionTLS13}[i%2]
		all.Go(func() {
			c.login()
			for range each {
				if begun.Add(1)%every == 0 {
					r.next()
				}
				if got, _ := c.retr("f"); got != "data" {
					c.fail("got %q", got)
				}
			}
			c.do("QUIT", "221")
			c.away()
		})
	}
	all.Wait()
	transfers, resumed := events.of(ftpserver.EventTransfer), 0
	for _, e := range transfers {
		if e.Resumed {
			resumed++
		}
	}
	if n := len(transfers); !t.Failed() && (n != sessions*each || resumed == 0 || resumed == n) {
		t.Errorf("%d transfers, %d of them resumed; want %d, some of them resumed", n, resumed, sessions*each)
	}
}

// a data connection shows the certificate of its control connection, also in a full
// handshake after the certificate has changed.
func TestR138DataShowsTheControlCertificate(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t, 2)
	srv := ftptest.NewServerFS(memfs.From(map[string]string{"f": "x"}), ring.configure)
	t.Cleanup(srv.Close)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		ring.rotate(0)
		c := ring.connect(t, srv)
		c.tls.MaxVersion = version
		c.login()
		ring.rotate(1)
		c.tls.ClientSessionCache = nil // so that it does not resume
		addr := c.epsv()
		c.do("RETR f", "150")
		s, _ := c.secureData(addr)
		if s.ConnectionState().DidResume || !bytes.Equal(leafOf(s), leafOf(c.conn)) {
			t.Errorf("%x: the data connection shows another certificate, or has resumed", version)
		}
		if got, err := io.ReadAll(s); string(got) != "x" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		c.expect("226")
	}
}
