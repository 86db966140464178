package ftptest

import (
	"context"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// network is where a Hostile server is found.
type network interface {
	listen() (net.Listener, error) // on an address of *net.TCPAddr
	dial(ctx context.Context, address string) (net.Conn, error)
}

// loopback is the network of the operating system.
type loopback struct{}

func (loopback) listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

func (loopback) dial(ctx context.Context, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

// memory is a network inside the process.
type memory struct {
	mu    sync.Mutex
	ports map[int]*memListener
	last  int
}

// backlog is how many connections may wait for Accept.
const backlog = 16

func (m *memory) next() int {
	if m.last == 0 {
		m.last = 40000
	}
	m.last++
	return m.last
}

func (m *memory) listen() (net.Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := &memListener{m: m, port: m.next(), conns: make(chan *memConn, backlog), done: make(chan struct{})}
	if m.ports == nil {
		m.ports = map[int]*memListener{}
	}
	m.ports[l.port] = l
	return l, nil
}

func (m *memory) dial(ctx context.Context, address string) (net.Conn, error) {
	_, text, _ := net.SplitHostPort(address)
	port, _ := strconv.Atoi(text)
	m.mu.Lock()
	l, from := m.ports[port], m.next()
	m.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: memAddr(port), Err: syscall.ECONNREFUSED}
	if l == nil {
		return nil, refused
	}
	client, server := memPair(memAddr(from), memAddr(port))
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, refused
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func memAddr(port int) *net.TCPAddr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }

type memListener struct {
	m     *memory
	port  int
	conns chan *memConn
	once  sync.Once
	done  chan struct{}
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close resets the connections that nobody has taken.
func (l *memListener) Close() error {
	l.once.Do(func() {
		l.m.mu.Lock()
		delete(l.m.ports, l.port)
		l.m.mu.Unlock()
		close(l.done)
		for {
			select {
			case c := <-l.conns:
				_ = c.SetLinger(0)
				_ = c.Close()
			default:
				return
			}
		}
	})
	return nil
}

func (l *memListener) Addr() net.Addr { return memAddr(l.port) }
