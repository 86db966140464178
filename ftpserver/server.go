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

	// Admit, if set, says whether a connection from remote may begin a session: an error
	// is in the event of the refusal, and not told to the client. release is called once,
	// when the session has logged in or, before that, has ended; it may be nil. Admit is
	// called before anything is read, from many goroutines; it must return at once.
	Admit func(remote netip.AddrPort) (release func(), err error)

	// Bulk, if set, is told by 1 and by -1 when a transfer begins and ceases to be a
	// large one, which keeps a processor busy under TLS. It must be quick, and safe
	// for use by many sessions at once.
	Bulk func(change int)

	// Hash has every file that is moved as a whole hashed on its way, by SHA-256, for
	// Event.Hash. Without it that is done for clients that ask for hashes. It costs a
	// processor about a second for each GiB (docs/design/0010-hash-on-the-way.md).
	Hash bool

	// Logger gets what a peer must not see: the cause behind a 451, with the id
	// that the peer was given, and panics. Default: slog.Default().
	Logger *slog.Logger

	start   sync.Once
	setup   error
	rows    []command // the table, as the policy has it
	table   map[string]*command
	hosts   map[string]*virtualHost // by name
	tickets *ticketDesk
	ports   *dataPorts

	*hub
	users     int           // sessions of these policies; under the lock of the hub
	succeeded bool          // likewise
	retired   chan struct{} // closed when it was succeeded and has no session any more
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
		if s.setup = s.build(newHub(), nil); s.setup == nil {
			s.hub.ports = append(s.hub.ports, s.ports)
			s.trustProxies()
		}
	})
	return s.setup
}

// build is prepare, also for a Server that is to succeed prev.
func (s *Server) build(h *hub, prev *Server) error {
	s.hub, s.retired = h, make(chan struct{})
	s.Limits = s.Limits.withDefaults()
	if s.Logger == nil {
		s.Logger = slog.Default()
	}
	s.rows = commandRows()
	applied := s.Verbs.apply(s.rows)
	s.table = commandTable(s.rows)
	s.tickets = newTicketDesk(s)
	for _, err := range []error{s.check(), s.newHosts(), s.Proxy.check(), applied} {
		if err != nil {
			return err
		}
	}
	if prev != nil && prev.ports.same(s.Data) {
		s.ports = prev.ports
		return nil
	}
	return s.newPorts()
}

func (s *Server) check() error {
	switch {
	case s.Login == nil:
		return errors.New("ftpserver: Server.Login is not set")
	case s.TLS.GetCertificate == nil && !s.TLS.InsecurePlaintext:
		return errors.New("ftpserver: Server.TLS.GetCertificate is not set")
	case s.TLS.Resumption > ResumptionOff:
		return errors.New("ftpserver: Server.TLS.Resumption is unknown")
	case s.TLS.ClientCert > ClientCertRequire:
		return errors.New("ftpserver: Server.TLS.ClientCert is unknown")
	case s.TLS.ClientCert != ClientCertOff && s.TLS.VerifyClient == nil:
		return errors.New("ftpserver: Server.TLS.ClientCert needs Server.TLS.VerifyClient")
	}
	return nil
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

// ServeListener accepts control connections from l as p says. It returns as Serve does;
// and ErrServerClosed also when another Server has succeeded s and not taken l over.
func (s *Server) ServeListener(l net.Listener, p ListenerPolicy) error {
	defer l.Close()
	if err := s.prepare(); err != nil {
		return err
	}
	v, err := s.viaOf(p)
	if err != nil {
		return err
	}
	at := &gate{srv: s, via: v}
	if !s.track(l, at) {
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
			s.arrive(conn, at)
			continue
		}
		if s.isClosed() || s.isDropped(at) {
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

func (s *Server) track(l net.Listener, at *gate) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch to, named := s.heirs[l]; {
	case s.closed:
		return false
	case named: // by a Server that succeeded s before we came here, or was made for l
		*at = to
	case s.succeeded:
		return false
	}
	s.listeners[l] = at
	return true
}

func (s *Server) untrack(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
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
	s.mu.Lock()
	open := s.hub.ports
	s.mu.Unlock()
	for _, p := range open {
		err = errors.Join(err, p.Close())
	}
	return err
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
