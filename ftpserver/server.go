package ftpserver

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/internal/dataconn"
	"github.com/sealane/sealane/internal/origin"
)

// ErrServerClosed is returned by Serve and ServeTLS after Shutdown or Close.
var ErrServerClosed = errors.New("ftpserver: server closed")

// Server is an FTP server. Set the fields before the first call of Serve or
// ServeTLS and leave them alone after it. The zero value of every policy is the
// safe one.
type Server struct {
	// Login judges credentials. It is required.
	Login auth.Login

	// Hosts are the virtual hosts, if there are any (RFC 7151).
	Hosts []Host

	TLS    TLSPolicy
	Data   DataPolicy
	Proxy  ProxyPolicy
	Limits Limits
	Verbs  VerbPolicy

	// OwnerNames lets clients that ask for the facts UNIX.owner and UNIX.group have the
	// names of the machine's users and groups. Without it they get the numbers.
	OwnerNames bool

	// Observe, if set, is told what happens, from the goroutine in which it
	// happens: it must be quick, and safe for use by many sessions at once.
	Observe func(ctx context.Context, e Event)

	// Bulk, if set, is told by 1 and by -1 when a transfer begins and ceases to be a
	// large one, which keeps a processor busy under TLS. It must be quick, and safe
	// for use by many sessions at once.
	Bulk func(change int)

	// Logger gets what a peer must not see: the cause behind a 451, with the id
	// that the peer was given, and panics. Default: slog.Default().
	Logger *slog.Logger

	start    sync.Once
	setup    error
	rows     []command // the table, as the policy has it
	table    map[string]*command
	hosts    map[string]*virtualHost // by name
	tickets  *ticketDesk
	ports    dataconn.Ports
	bulk     bulkThreads
	owners   owners
	deflates chan struct{}    // places for downloads that are compressed
	shared   *dataconn.Shared // the same, or nil in other modes

	exclusive   *dataconn.Exclusive // the same in other modes, or the fallback; may be nil
	origins     *origin.Finder      // of control connections
	dataOrigins *origin.Finder
	accepting   context.Context // ends with the listeners
	endAccept   context.CancelFunc

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	sessions  map[sessionID]*session
	perAddr   map[netip.Addr]int
	hashing   map[string]int // HASH commands that run, by account
	closed    bool
	draining  chan struct{} // closed by Shutdown
	running   sync.WaitGroup
}

type sessionID [16]byte

func newSessionID() sessionID {
	var id sessionID
	rand.Read(id[:])
	return id
}

// prepare builds, once, what the fields imply.
func (s *Server) prepare() error {
	s.start.Do(func() {
		s.Limits = s.Limits.withDefaults()
		s.accepting, s.endAccept = context.WithCancel(context.Background())
		switch {
		case s.Login == nil:
			s.setup = errors.New("ftpserver: Server.Login is not set")
		case s.TLS.GetCertificate == nil && !s.TLS.InsecurePlaintext:
			s.setup = errors.New("ftpserver: Server.TLS.GetCertificate is not set")
		case s.TLS.Resumption > ResumptionOff:
			s.setup = errors.New("ftpserver: Server.TLS.Resumption is unknown")
		case s.TLS.ClientCert > ClientCertRequire:
			s.setup = errors.New("ftpserver: Server.TLS.ClientCert is unknown")
		case s.TLS.ClientCert != ClientCertOff && s.TLS.VerifyClient == nil:
			s.setup = errors.New("ftpserver: Server.TLS.ClientCert needs Server.TLS.VerifyClient")
		default:
			if s.setup = s.newHosts(); s.setup == nil {
				s.setup = s.newOrigins()
			}
			if s.setup == nil {
				s.setup = s.newPorts()
			}
		}
		if s.Logger == nil {
			s.Logger = slog.Default()
		}
		s.rows = commandRows()
		if err := s.Verbs.apply(s.rows); err != nil && s.setup == nil {
			s.setup = err
		}
		s.table = commandTable(s.rows)
		s.tickets = newTicketDesk(s)
		s.bulk = newBulkThreads()
		s.deflates = make(chan struct{}, maxDeflates)
		s.listeners = make(map[net.Listener]struct{})
		s.sessions = make(map[sessionID]*session)
		s.perAddr = make(map[netip.Addr]int)
		s.hashing = make(map[string]int)
		s.draining = make(chan struct{})
	})
	return s.setup
}

// Serve accepts control connections from l that begin in clear and change to
// TLS by AUTH (explicit FTPS, RFC 4217). It returns ErrServerClosed after
// Shutdown or Close, else the error that ended it; l is then closed.
func (s *Server) Serve(l net.Listener) error { return s.ServeListener(l, ListenerPolicy{}) }

// ServeTLS accepts control connections from l that begin with the TLS handshake
// (implicit FTPS); data connections are then protected from the start. It
// returns as Serve does.
func (s *Server) ServeTLS(l net.Listener) error {
	return s.ServeListener(l, ListenerPolicy{Implicit: true})
}

// ServeListener accepts control connections from l as p says. It returns as Serve does.
func (s *Server) ServeListener(l net.Listener, p ListenerPolicy) error {
	defer l.Close()
	if err := s.prepare(); err != nil {
		return err
	}
	v, err := s.viaOf(p)
	if err != nil {
		return err
	}
	if !s.track(l) {
		return ErrServerClosed
	}
	defer s.untrack(l)
	if err := s.OpenDataPorts(l); err != nil {
		if s.isClosed() {
			return ErrServerClosed
		}
		return err
	}
	var pause time.Duration
	for {
		conn, err := l.Accept()
		if err == nil {
			pause = 0
			s.arrive(conn, v)
			continue
		}
		if s.isClosed() {
			return ErrServerClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		// Out of descriptors or the like: go on when some are back, without
		// spinning meanwhile.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		s.Logger.Warn("accept failed", "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-s.draining:
			return ErrServerClosed
		}
	}
}

func (s *Server) track(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) untrack(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// stop ends the listeners and asks the sessions to end when they are idle.
func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	for l := range s.listeners {
		l.Close()
	}
	s.endAccept()
	close(s.draining)
}

// Shutdown takes no new sessions, ends idle ones with 421, and lets transfers
// finish until ctx ends; those that are left then get 426 and 421. It returns
// ctx's error if it had to cut any.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.prepare(); err != nil {
		return err
	}
	s.stop()
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = context.Cause(ctx)
		s.cancelSessions()
		<-ended // every step of a session is bounded
	}
	return errors.Join(err, s.ports.Close())
}

// Close is Shutdown without patience: transfers are cut at once.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (s *Server) cancelSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ses := range s.sessions {
		ses.cancel(errShutdown)
	}
}

// vouches reports whether the session that a ticket names lives and belongs to
// the same identity.
func (s *Server) vouches(id sessionID, who identity) bool {
	s.mu.Lock()
	ses := s.sessions[id]
	s.mu.Unlock()
	if ses == nil {
		return false
	}
	issuer := ses.identity.Load()
	return issuer != nil && *issuer == who
}
