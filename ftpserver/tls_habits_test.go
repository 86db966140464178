package ftpserver_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/vfs/memfs"
)

// T-05, SP-06: a client whose data connections resume at times only is served, and its
// sessions learn from each other that waiting for a rival is in vain. A thief who is
// faster than it still gets nothing where it resumes, and brings the full wait back.
func TestT05MixedClient(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		srv := serveShared(t, 2, memfs.From(map[string]string{"/f": "data"}), nil)
		want := func(when string, mixed, rivals int) {
			t.Helper()
			if m, r := ftpserver.Mixed(srv.Server); m != mixed || r != rivals {
				t.Errorf("%s: %d mixed clients, %d with rivals; want %d, %d", when, m, r, mixed, rivals)
			}
		}
		// get downloads with a ticket, or without.
		get := func(c *rawClient, cache tls.ClientSessionCache) {
			t.Helper()
			c.tls.ClientSessionCache = cache
			if got, resumed := c.retr("f"); got != "data" || resumed != (cache != nil) {
				t.Errorf("%q, resumed %v", got, resumed)
			}
		}
		for i := range 3 {
			c, cache := loginWith(t, srv, version)
			want("before", 0, 0)
			get(c, nil) // the first of a session waits for nobody
			get(c, cache)
			if i == 0 {
				want("a session that has not resumed", 0, 0)
			}
			get(c, nil)
			c.do("QUIT", "221")
		}
		want("after three waits in vain", 1, 0)
		c, cache := loginWith(t, srv, version)
		get(c, cache)
		get(c, nil)
		want("more of the same", 1, 0)

		for range 20 {
			addr := c.epsv()
			c.tls.ClientSessionCache = nil
			_, thief := c.secureData(addr)
			c.do("RETR f", "150")
			c.tls.ClientSessionCache = cache
			var got []byte
			tcp, err := net.Dial("tcp", addr)
			if err == nil {
				got, err = io.ReadAll(tls.Client(tcp, c.tls))
				tcp.Close()
			}
			if err != nil && len(got) == 0 { // the machine was too slow: the thief was bound
				thief.Close()
				c.expect("")
				continue
			}
			if string(got) != "data" || err != nil {
				t.Errorf("the client got %q, %v", got, err)
			}
			c.expect("226")
			if b, _ := io.ReadAll(thief); len(b) > 0 {
				t.Logf("the thief got %d bytes of TLS", len(b)) // tickets, no payload
			}
			thief.Close()
			if _, rivals := ftpserver.Mixed(srv.Server); rivals == 0 {
				continue // the client was even faster than the thief's handshake was judged
			}
			want("a rival was there", 0, 1)
			return
		}
		t.Error("the client and the thief never met within the grace")
	})
}
