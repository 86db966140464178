package ftpclient

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealane/sealane/ftp"
)

// Defaults of PoolOptions.
const (
	DefaultPoolLimit   = 4
	DefaultIdleTimeout = time.Minute
)

// maxArriving bounds the connections to one server that wait for its greeting. Some
// servers listen with a backlog of 5 (Pure-FTPd); of more that come at once, Linux drops
// some that seem to be connected, which is found out by a keep-alive 15 s later.
const maxArriving = 4

// PoolOptions says what a Pool connects with, and how often.
type PoolOptions struct {
	// Client is how each connection is made. Its functions are called by several
	// goroutines.
	Client Options
	// Limit is the highest number of connections to one server (host and port) at a
	// time. 0 means DefaultPoolLimit.
	Limit int
	// IdleTimeout is how long a connection is kept that nobody uses. 0 means
	// DefaultIdleTimeout.
	IdleTimeout time.Duration
	// Retry is how often Pool.Retrieve and Pool.Store try again.
	Retry Retry
}

// Pool keeps connections that are logged in for further use. It never gives one to
// a caller that would have had to make another: all of a pool's connections are
// made with the same Options (trust, certificates, protection, proxy, mode), and
// only those of the same host, port, security, user and password are exchanged
// (CVE-2022-27782, CVE-2023-27535).
//
// Where a server admits fewer connections than Limit, the pool finds out by its
// refusal (421, or 530 to a login that has succeeded already) and waits for one of
// those that it has. Its methods may be called by several goroutines.
type Pool struct {
	opt    PoolOptions
	secret [32]byte // keys the hashes of passwords

	mu      sync.Mutex
	closed  bool
	servers map[string]*poolServer
	leases  map[*Client]lease // of all connections, in use or idle
}

// poolKey tells apart what must not be exchanged.
type poolKey struct {
	host, port  string
	security    ftp.Security
	plainScheme bool
	user        string
	hasPassword bool
	password    [sha256.Size]byte
}

type lease struct {
	server *poolServer
	key    poolKey
}

// poolServer is what is known of one host and port.
type poolServer struct {
	open    int // connections: in use, idle, and being made
	coming  int // those that were not greeted yet
	limit   int
	idle    []*idleClient
	in      map[poolKey]int // how many are logged in
	changed chan struct{}   // closed when a waiting caller should look again

	lockstep bool // it does not answer commands that come ahead
}

type idleClient struct {
	client *Client
	key    poolKey
	since  time.Time
	expiry *time.Timer
}

// NewPool makes a pool without connections. Later changes of opt have no effect on it.
func NewPool(opt PoolOptions) *Pool {
	if opt.Limit <= 0 {
		opt.Limit = DefaultPoolLimit
	}
	if opt.IdleTimeout <= 0 {
		opt.IdleTimeout = DefaultIdleTimeout
	}
	opt.Client.Certificates = slices.Clone(opt.Client.Certificates)
	p := &Pool{opt: opt, servers: map[string]*poolServer{}, leases: map[*Client]lease{}}
	_, _ = rand.Read(p.secret[:]) // never fails
	return p
}

func (p *Pool) key(u ftp.URL) poolKey {
	mac := hmac.New(sha256.New, p.secret[:])
	_, _ = mac.Write([]byte(u.Password))
	k := poolKey{
		host: strings.ToLower(u.Host), port: u.Port, security: u.Security, plainScheme: u.PlainScheme,
		user: u.User, hasPassword: u.HasPassword,
	}
	mac.Sum(k.password[:0])
	return k
}

// Get returns a connection to the server of u, logged in as its user: one that is
// idle, or a new one, or else it waits until one is free. New ones wait for the
// greeting of a server four at a time. The path of u is not used. Each Client is given
// back by Put.
func (p *Pool) Get(ctx context.Context, u ftp.URL) (*Client, error) {
	key := p.key(u)
	for {
		idle, wait, err := p.take(key)
		switch {
		case err != nil:
			return nil, err
		case idle != nil:
			if p.alive(ctx, idle) {
				return idle.client, nil
			}
			p.drop(idle.client)
		case wait != nil:
			select {
			case <-wait:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		default:
			c, err := p.dial(ctx, u, key)
			if err == nil {
				return c, p.enter(c, key)
			}
			if !p.learn(key, err) {
				return nil, err
			}
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
}

// dial makes the connection that take gave the right to.
func (p *Pool) dial(ctx context.Context, u ftp.URL, key poolKey) (*Client, error) {
	opt := p.opt.Client
	opt.Lockstep = opt.Lockstep || p.lockstep(key)
	opt.greeted = sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		s := p.server(key)
		s.coming--
		s.wake()
	})
	defer opt.greeted()
	return Dial(ctx, u, opt)
}

// take gives an idle connection, or a channel to wait on, or the right to make a
// connection, by giving nothing.
func (p *Pool) take(key poolKey) (*idleClient, <-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, ErrClosed
	}
	s := p.server(key)
	for i := len(s.idle) - 1; i >= 0; i-- { // the last one back is the least likely to be dead
		if idle := s.idle[i]; idle.key == key {
			s.idle = slices.Delete(s.idle, i, i+1)
			idle.expiry.Stop()
			return idle, nil, nil
		}
	}
	if s.coming >= maxArriving {
		return nil, s.changed, nil
	}
	if s.open < s.limit {
		s.open++
		s.coming++
		return nil, nil, nil
	}
	if len(s.idle) > 0 { // another user's: it makes room
		idle := s.idle[0]
		s.idle = s.idle[1:]
		idle.expiry.Stop()
		p.forget(idle.client)
		_ = idle.client.Close()
		s.open++
		s.coming++
		return nil, nil, nil
	}
	return nil, s.changed, nil
}

func (p *Pool) server(key poolKey) *poolServer {
	address := key.host + " " + key.port
	s := p.servers[address]
	if s == nil {
		s = &poolServer{limit: p.opt.Limit, in: map[poolKey]int{}, changed: make(chan struct{})}
		p.servers[address] = s
	}
	return s
}

// wake has all waiting callers look again.
func (s *poolServer) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (p *Pool) lockstep(key poolKey) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server(key).lockstep
}

// enter notes a connection that was made.
func (p *Pool) enter(c *Client, key poolKey) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.server(key)
	s.in[key]++
	s.lockstep = s.lockstep || !c.ahead
	p.leases[c] = lease{s, key}
	if p.closed {
		p.forget(c)
		_ = c.Close()
		return ErrClosed
	}
	return nil
}

// learn notes a connection that could not be made, and reports whether that was
// because the server admits no more of them. The text of a reply does not count:
// 421 means it while there are others, and 530 where the same user and password have
// been accepted.
func (p *Pool) learn(key poolKey, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.server(key)
	s.open--
	defer s.wake()
	var refused *ftp.Error
	if !errors.As(err, &refused) || s.open == 0 {
		return false
	}
	full := refused.Reply.Code == ftp.Code421Closing || refused.Reply.Code == ftp.Code530NotLoggedIn && s.in[key] > 0
	if full {
		s.limit = min(s.limit, s.open)
	}
	return full
}
