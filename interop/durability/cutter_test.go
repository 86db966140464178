//go:build interop && linux

package durability

import (
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// cutter stands between clients and a server, on the same ports of another
// loopback address, and cuts everything after so many bytes of uploads.
type cutter struct {
	mu     sync.Mutex
	armed  bool
	budget int // bytes of data connections until the next cut
	passed int // bytes of data connections that went to the server, in all
	cuts   int
	reset  bool // the next cut is a RST, not a FIN
	onCut  func()
	conns  map[net.Conn]bool
	wg     sync.WaitGroup
}

// newCutter moves a server, which is not started yet, to 127.0.0.2 and takes its
// place on 127.0.0.1.
func newCutter(t *testing.T, s *server) *cutter {
	t.Helper()
	s.bind = "127.0.0.2"
	c := &cutter{conns: map[net.Conn]bool{}}
	for port := s.port; port < s.firstData()+dataPorts; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		c.wg.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				c.wg.Go(func() { c.pass(conn, net.JoinHostPort(s.bind, strconv.Itoa(port)), port >= s.firstData()) })
			}
		})
		// Cleanups run last first: the listeners close, then this waits.
	}
	t.Cleanup(func() { c.cut() })
	return c
}

// arm asks for a cut after n more bytes, and for a call of onCut then.
func (c *cutter) arm(n int, reset bool, onCut func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed, c.budget, c.reset, c.onCut = true, n, reset, onCut
}

// disarm lets everything pass, and says how many cuts there were.
func (c *cutter) disarm() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = false
	return c.cuts
}

// total is how many bytes of data connections have passed to the server.
func (c *cutter) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.passed
}

// cut closes every connection there is.
func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		if c.reset {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		conn.Close()
	}
	clear(c.conns)
}

func (c *cutter) keep(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns[conn] = true
}

func (c *cutter) pass(client net.Conn, address string, isData bool) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		client.Close()
		return
	}
	c.keep(client)
	c.keep(server)
	var to io.Writer = server
	if isData {
		to = &meter{c, server}
	}
	var wg sync.WaitGroup
	wg.Go(func() { oneWay(server, func() error { _, err := io.Copy(to, client); return err }) })
	wg.Go(func() { oneWay(client, func() error { _, err := io.Copy(client, server); return err }) })
	wg.Wait()
	client.Close()
	server.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, client)
	delete(c.conns, server)
}

// oneWay copies one direction and passes its end on.
func oneWay(to net.Conn, copy func() error) {
	if copy() == nil {
		_ = to.(*net.TCPConn).CloseWrite()
		return
	}
	to.Close()
}

// meter counts what goes to the server and cuts when the budget is used up.
type meter struct {
	c    *cutter
	conn net.Conn
}

func (m *meter) Write(b []byte) (int, error) {
	m.c.mu.Lock()
	n, now := len(b), false
	if m.c.armed && m.c.budget < n {
		n, now = m.c.budget, true
		m.c.armed = false
		m.c.cuts++
	}
	m.c.budget -= n
	m.c.passed += n
	onCut := m.c.onCut
	m.c.mu.Unlock()
	n, err := m.conn.Write(b[:n])
	if now {
		m.c.cut()
		onCut()
		return n, io.ErrClosedPipe
	}
	return n, err
}
