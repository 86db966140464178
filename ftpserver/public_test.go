package ftpserver_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// alsoOn lets the server listen on one more address.
func alsoOn(t *testing.T, srv *ftptest.Server, addr string) string {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skipf("cannot listen on %s here: %v", addr, err)
	}
	go srv.Server.Serve(l)
	return l.Addr().String()
}

// PASV announces what the policy has for the client, else the address that the client
// has connected to; the policy hears no v4-mapped addresses. EPSV names none.
func TestPublicAddress(t *testing.T) {
	var mu sync.Mutex
	var answer netip.Addr
	var local, client netip.Addr
	srv := serveTree(t, nil, func(s *ftpserver.Server) {
		inClear(s)
		s.Data.PublicAddress = func(l, c netip.Addr) netip.Addr {
			mu.Lock()
			defer mu.Unlock()
			local, client = l, c
			return answer
		}
	})
	dual := alsoOn(t, srv, "[::]:0")
	six := alsoOn(t, srv, "[::1]:0")
	_, dualPort, _ := net.SplitHostPort(dual)
	for _, c := range []struct{ addr, answer, want, local string }{
		{srv.Addr, "203.0.113.5", "227 Entering passive mode (203,0,113,5,", "127.0.0.1"},
		{srv.Addr, "::ffff:203.0.113.5", "227 Entering passive mode (203,0,113,5,", "127.0.0.1"},
		{srv.Addr, "", "227 Entering passive mode (127,0,0,1,", "127.0.0.1"},
		{srv.Addr, "2001:db8::5", "425", "127.0.0.1"},
		{"127.0.0.1:" + dualPort, "", "227 Entering passive mode (127,0,0,1,", "127.0.0.1"},
		{six, "", "425", "::1"}, // PASV cannot say it
		{six, "203.0.113.5", "227 Entering passive mode (203,0,113,5,", "::1"},
	} {
		mu.Lock()
		answer = netip.Addr{}
		if c.answer != "" {
			answer = netip.MustParseAddr(c.answer)
		}
		mu.Unlock()
		one := connectFrom(t, srv, c.addr, "").loginClear()
		one.do("PASV", c.want)
		mu.Lock()
		if want := netip.MustParseAddr(c.local); local != want || client != want {
			t.Errorf("%s: the policy was asked for %v and %v", c.addr, local, client)
		}
		mu.Unlock()
		one.do("EPSV", "229 Entering extended passive mode (|||")
	}
}

// A session over IPv6, with a port of its own and with shared ports, up and down, in
// clear and under TLS (RFC 2428).
func TestIPv6Sessions(t *testing.T) {
	files := map[string]string{"/f": "data"}
	for name, srv := range map[string]*ftptest.Server{
		"exclusive": serveTree(t, files, inClear), "shared": serveShared(t, 2, memfs.From(files), inClear),
	} {
		addr := alsoOn(t, srv, "[::1]:0")
		for _, secure := range []bool{false, true} {
			c := connectFrom(t, srv, addr, "")
			if secure {
				c.login()
			} else {
				c.loginClear()
			}
			c.do("EPSV 1", "522")
			c.do("PASV", "425")
			for range 3 {
				if got, _ := c.retr("f"); got != "data" {
					t.Errorf("%s, TLS %v: got %q", name, secure, got)
				}
				c.stor("up", "and up")
				wantFile(t, srv.FS, "up", "and up")
			}
		}
	}
}

// SP-13: PROT C on a control connection under TLS, with one shared port for two
// sessions in turn.
func TestSP13ClearDataUnderTLS(t *testing.T) {
	srv := serveShared(t, 1, memfs.From(map[string]string{"/f": "data"}), inClear)
	a, b := connect(t, srv).login(), connect(t, srv).login()
	for range 3 {
		for _, c := range []*rawClient{a, b} {
			c.do("PROT C", "200")
			addr := c.epsv()
			c.do("RETR f", "150")
			got, err := io.ReadAll(c.dialData(addr))
			if string(got) != "data" || err != nil {
				t.Errorf("in clear: %q, %v", got, err)
			}
			c.expect("226")
			c.do("PROT P", "200")
			addr = c.epsv()
			c.do("RETR f", "150")
			got, err = io.ReadAll(tls.Client(c.dialData(addr), c.tls))
			if string(got) != "data" || err != nil {
				t.Errorf("under TLS: %q, %v", got, err)
			}
			c.expect("226")
		}
	}
}

// The counts of the data ports tell of waits, lapses and strangers.
func TestDataPortCounts(t *testing.T) {
	srv := serveShared(t, 1, memfs.New(), inClear)
	if n := srv.Server.DataPortCounts(); n != (ftpserver.DataPortCounts{}) {
		t.Errorf("at the start: %+v", n)
	}
	a, b := connect(t, srv).loginClear(), connect(t, srv).loginClear()
	addr := a.epsv()
	b.do("EPSV", "425") // nobody else gets the port of one that does not come
	a.do("QUIT", "221")
	a.expectClosed()
	if stray, err := net.Dial("tcp", addr); err == nil {
		stray.Read(make([]byte, 1)) // until it is closed
		stray.Close()
	}
	n := srv.Server.DataPortCounts()
	if n.Waits != 1 || n.Refused != 1 || n.Strangers != 1 || n.LongestWait <= 0 || n.WaitBuckets[2]+n.WaitBuckets[3] != 1 {
		t.Errorf("afterwards: %+v", n)
	}
}
