package ftpserver

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"

	"github.com/sealane/sealane/internal/origin"
)

// hub is what a Server has in common with those that succeed it: all that lives
// longer than one set of policies.
type hub struct {
	bulk     bulkThreads
	owners   owners
	habits   habits
	deflates chan struct{} // places for downloads that are compressed
	// sealer only seals and opens tickets: crypto/tls then makes, rotates (daily) and
	// forgets (after 7 days) the keys. It serves no handshake, so no other configuration
	// ever shares its keys by accident (CVE-2025-68121).
	sealer      *tls.Config
	origins     *origin.Finder // of control connections
	dataOrigins *origin.Finder
	accepting   context.Context // ends with the listeners
	endAccept   context.CancelFunc
	// turning is held for writing while one Server succeeds another, and for reading
	// from when a connection finds its Server until that has admitted it.
	turning sync.RWMutex

	mu        sync.Mutex
	listeners map[net.Listener]*gate
	heirs     map[net.Listener]gate // what the last Succeed has named
	sessions  map[sessionID]*session
	perAddr   map[netip.Addr]int
	hashing   map[string]int // HASH commands that run, by account
	ports     []*dataPorts   // that are open: of the last Server, and of those before that still have sessions
	past      DataPortCounts // of those that are closed
	closed    bool
	// turningAway is the wish of TurnAway.
	turningAway bool
	draining    chan struct{} // closed by Shutdown
	running     sync.WaitGroup
}

func newHub() *hub {
	h := &hub{
		bulk:      newBulkThreads(),
		deflates:  make(chan struct{}, maxDeflates),
		sealer:    &tls.Config{},
		origins:   origin.NewFinder(nil, 0, nil),
		listeners: make(map[net.Listener]*gate),
		sessions:  make(map[sessionID]*session),
		perAddr:   make(map[netip.Addr]int),
		hashing:   make(map[string]int),
		draining:  make(chan struct{}),

		// Control and data are counted apart, so that a crowd at the one does not keep
		// proxies from the other.
		dataOrigins: origin.NewFinder(nil, 0, nil),
	}
	h.accepting, h.endAccept = context.WithCancel(context.Background())
	return h
}

// gate is where the connections of one listener go.
type gate struct {
	srv     *Server
	via     via
	dropped bool // by Succeed
}

// enter counts work in that Shutdown waits for, unless that has begun.
func (h *hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.running.Add(1)
	return true
}

func (h *hub) isClosed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// stop ends the listeners and asks the sessions to end when they are idle.
func (h *hub) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	for l := range h.listeners {
		l.Close()
	}
	h.endAccept()
	close(h.draining)
}

func (h *hub) cancelSessions() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ses := range h.sessions {
		ses.cancel(errShutdown)
	}
}

// vouches reports whether the session that a ticket names lives and belongs to
// the same identity.
func (h *hub) vouches(id sessionID, who identity) bool {
	h.mu.Lock()
	ses := h.sessions[id]
	h.mu.Unlock()
	if ses == nil {
		return false
	}
	issuer := ses.identity.Load()
	return issuer != nil && *issuer == who
}
