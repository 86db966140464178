package ftpserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/memfs"
)

// hasty gives up what stalls, but not a handshake on a busy machine.
func hasty(s *ftpserver.Server) { s.Limits.Stall = time.Second }

// slowly reads nothing, or a byte now and then, until the test is over. The window
// of the socket opens by whole segments only, so neither lets a byte more through.
func slowly(t *testing.T, conn net.Conn, bytes bool) {
	t.Helper()
	done := make(chan struct{})
	var all sync.WaitGroup
	t.Cleanup(func() { close(done); all.Wait() })
	all.Go(func() {
		again := time.NewTicker(50 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-done:
				return
			case <-again.C:
			}
			if bytes {
				conn.Read(make([]byte, 1)) // fails when the server has cut it
			}
		}
	})
}

// S-55: a client that takes nothing of a download, or a byte now and then, is cut by
// the stall limit; the reply says so, its data port is free again, and nobody else
// noticed.
func TestS55SlowDownload(t *testing.T) {
	for _, private := range []bool{true, false} {
		for _, bytes := range []bool{false, true} {
			t.Run(fmt.Sprintf("private=%v,bytes=%v", private, bytes), func(t *testing.T) {
				t.Parallel()
				tree := memfs.From(map[string]string{"/big": strings.Repeat("x", 32<<20), "/f": "data"})
				srv := serveShared(t, 2, tree, func(s *ftpserver.Server) { inClear(s); hasty(s) })
				enter := func() *rawClient {
					if private {
						return connect(t, srv).login()
					}
					return connect(t, srv).loginClear()
				}
				slow, other := enter(), enter()
				addr := slow.epsv()
				slow.do("RETR big", "150")
				var data *net.TCPConn
				if private {
					_, data = slow.secureData(addr)
				} else {
					data = slow.dialData(addr)
				}
				data.SetReadBuffer(4096)
				slowly(t, data, bytes)
				if got, _ := other.retr("f"); got != "data" {
					t.Errorf("another session got %q meanwhile", got)
				}
				slow.expect("426")
				if got, _ := slow.retr("f"); got != "data" {
					t.Errorf("afterwards the slow one gets %q", got)
				}
			})
		}
	}
}

// S-55: who connects to a data port and says nothing gets 425 or 522, and his
// session goes on.
func TestS55SilentData(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) { s.Limits.Connect = 300 * time.Millisecond })
	c := connect(t, srv).login()
	for _, command := range []string{"RETR f", "STOR new", "LIST"} {
		addr := c.epsv()
		conn := c.dialData(addr)
		c.do(command, "150")
		if reply := c.expect(""); !strings.HasPrefix(reply, "425") && !strings.HasPrefix(reply, "522") {
			t.Errorf("%s: %q", command, reply)
		}
		if got, err := io.ReadAll(conn); len(got) > 0 || err == nil {
			t.Errorf("%s: the silent one got %q, %v", command, got, err)
		}
	}
	wantNoFile(t, srv.FS, "new")
}

// S-59: a client that takes nothing of a download and sends without end is not read
// from: what it sends stays in the two kernels, and the stall limit ends it.
func TestS59FloodIntoStalledDownload(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, map[string]string{"/big": strings.Repeat("x", 32<<20)}, hasty)
	c := connect(t, srv).login()
	addr := c.epsv()
	c.do("RETR big", "150")
	s, _ := c.secureData(addr)
	sent := make(chan int)
	go func() {
		n, block := 0, make([]byte, 1<<20)
		for range 1 << 10 {
			m, err := s.Write(block)
			n += m
			if err != nil {
				break
			}
		}
		sent <- n
	}()
	c.expect("426")
	if n := <-sent; n > 64<<20 {
		t.Errorf("the server took %d MiB that nobody asked for", n>>20)
	}
	c.do("NOOP", "200")
}

// S-60: data commands that come while one runs wait for its end; each has its own
// data port or is refused, and none gets the data of another.
func TestS60CommandsAtOnce(t *testing.T) {
	tlsVersions(t, func(t *testing.T, version uint16) {
		files := map[string]string{"/a": strings.Repeat("aaaa", 50_000), "/b": strings.Repeat("bbbb", 50_000)}
		srv := serveTree(t, files, nil)
		c := connect(t, srv)
		c.tls.MaxVersion, c.tls.ClientSessionCache = version, &countingCache{}
		c.login()
		for range 5 {
			addr := c.epsv()
			c.write("RETR a\r\nRETR b\r\nEPSV\r\n")
			c.expect("150")
			s, _ := c.secureData(addr)
			if got, err := io.ReadAll(s); string(got) != files["/a"] || err != nil {
				t.Errorf("RETR a: %d bytes %.8q, %v", len(got), got, err)
			}
			c.expect("226")
			c.expect("425") // RETR b has no port
			port := epsvPort.FindStringSubmatch(c.expect("229"))
			host, _, _ := net.SplitHostPort(addr)
			c.do("RETR b", "150")
			s, _ = c.secureData(net.JoinHostPort(host, port[1]))
			if got, err := io.ReadAll(s); string(got) != files["/b"] || err != nil {
				t.Errorf("RETR b: %d bytes %.8q, %v", len(got), got, err)
			}
			c.expect("226")
		}
	})
}

// S-60: three sessions of one account move files at once, each of another fill, on
// ports that they share and on ports of their own; no payload is swapped, nor any
// of an upload under the name of another.
func TestS60SharedAccount(t *testing.T) {
	const sessions, rounds = 3, 15
	fill := func(session, round int) string {
		return strings.Repeat(fmt.Sprintf("%d/%d;", session, round), 20_000)
	}
	for name, mode := range map[string]ftpserver.DataMode{"shared": ftpserver.Shared, "exclusive": ftpserver.Exclusive} {
		t.Run(name, func(t *testing.T) {
			tlsVersions(t, func(t *testing.T, version uint16) {
				var srv *ftptest.Server
				if mode == ftpserver.Shared {
					srv = serveShared(t, 2, memfs.New(), nil)
				} else {
					srv = serveTree(t, nil, nil)
				}
				var all sync.WaitGroup
				for session := range sessions {
					c := connect(t, srv).inGoroutine()
					c.tls.MaxVersion, c.tls.ClientSessionCache = version, &countingCache{} // which knows the empty ticket
					all.Go(func() {
						c.login()
						for round := range rounds {
							name, want := fmt.Sprintf("%d-%d", session, round), fill(session, round)
							c.stor(name, want)
							if got, _ := c.retr(name); got != want {
								c.fail("%s: %d bytes %.16q", name, len(got), got)
							}
						}
					})
				}
				all.Wait()
				for session := range sessions {
					for round := range rounds {
						wantFile(t, srv.FS, fmt.Sprintf("%d-%d", session, round), fill(session, round))
					}
				}
			})
		})
	}
}

// F-02: a client that ends its direction of the control connection during a
// transfer, before or after that of the data connection, has left: the transfer is
// cut, and looks cut; nothing of an upload is to be seen.
func TestF02HalfClosedInTransfer(t *testing.T) {
	for _, command := range []string{"RETR big", "STOR new"} {
		for _, dataFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s,dataFirst=%v", command, dataFirst), func(t *testing.T) {
				t.Parallel()
				events := make(chan ftpserver.Event, 16)
				srv := serveTree(t, map[string]string{"/big": strings.Repeat("x", 32<<20)}, func(s *ftpserver.Server) {
					s.Observe = ended(events)
				})
				c := connect(t, srv).login()
				addr := c.epsv()
				c.do(command, "150")
				s, tcp := c.secureData(addr)
				if strings.HasPrefix(command, "STOR") {
					if _, err := io.WriteString(s, "part"); err != nil {
						t.Fatal(err)
					}
				}
				ends := []func() error{tcp.CloseWrite, c.tcp.CloseWrite}
				if !dataFirst {
					ends[0], ends[1] = ends[1], ends[0]
				}
				if err := errors.Join(ends[0](), ends[1]()); err != nil {
					t.Fatal(err)
				}
				<-events // the session has ended, by itself
				if _, err := io.Copy(io.Discard, s); err == nil {
					t.Error("the data connection ended properly")
				}
				wantNoFile(t, srv.FS, "new")
			})
		}
	}
}

// S-54: more sessions than data ports, and none of them connects: a port for each as
// far as they go, 425 for the others. When one is given back it serves them, also
// hundreds of times in a row, each of which leaves a TIME_WAIT behind on it.
func TestS54PortsExhausted(t *testing.T) {
	t.Parallel()
	const ports, sessions, transfers = 4, 20, 200
	from, to := freePorts(t, ports)
	srv := serveTree(t, map[string]string{"/f": "data"}, func(s *ftpserver.Server) {
		inClear(s)
		s.Data = ftpserver.DataPolicy{Mode: ftpserver.Exclusive, From: from, To: to}
		s.Limits.Connect = 300 * time.Millisecond
	})
	var clients []*rawClient
	for range sessions {
		clients = append(clients, connect(t, srv).loginClear())
	}
	replies := make([]string, sessions)
	var all sync.WaitGroup
	for i, c := range clients {
		c.inGoroutine()
		all.Go(func() { replies[i] = c.do("EPSV", "") })
	}
	all.Wait()
	served := 0
	for i, reply := range replies {
		switch {
		case strings.HasPrefix(reply, "229"):
			served++
		case !strings.HasPrefix(reply, "425"):
			t.Errorf("session %d: %q", i, reply)
		}
	}
	if served != ports {
		t.Errorf("%d sessions have a port of %d", served, ports)
	}
	holder, refused := 0, 0
	for i, reply := range replies {
		if strings.HasPrefix(reply, "229") {
			holder = i
		} else {
			refused = i
		}
	}
	clients[holder].do("QUIT", "221")
	clients[holder].expectClosed()
	for n := range transfers {
		if got, _ := clients[refused].retr("f"); got != "data" {
			t.Fatalf("transfer %d on the port that was given back: %q", n, got)
		}
	}
}

// ended tells of the end of sessions.
func ended(events chan<- ftpserver.Event) func(context.Context, ftpserver.Event) {
	return func(_ context.Context, e ftpserver.Event) {
		if e.Kind == ftpserver.EventSessionEnd {
			events <- e
		}
	}
}
