package ftpserver

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sealane/sealane/internal/dataconn"
)

// maxClientName bounds what a program may call itself, in bytes.
const maxClientName = 128

// SessionInfo is what a session was like at one moment. Strings that come from the peer
// (Client, Path) are as sent: escape them where they are shown.
type SessionInfo struct {
	ID      string // as Event.Session has it
	Since   time.Time
	Remote  netip.AddrPort
	Host    string // the virtual host, if one was chosen
	Account string // "" before login
	Client  string // what its program calls itself (CLNT), cut at 128 bytes
	TLS     string // version, where the control connection is protected

	Verb  string    // of the command that takes time and runs now, such as a transfer; else ""
	Path  string    // of its transfer, in the account's tree
	Moved int64     // bytes of payload on its data connection so far
	Began time.Time // of that command; without one, of the last that was sent

	Down, Up int64 // bytes of its transfers that have ended
}

// Sessions describes the sessions that are open, those that came first at the beginning: also
// those of Servers that s has succeeded, or that have succeeded it.
func (s *Server) Sessions() []SessionInfo {
	if s.prepare() != nil {
		return nil
	}
	s.mu.Lock()
	list := make([]*session, 0, len(s.sessions))
	for _, ses := range s.sessions {
		list = append(list, ses)
	}
	s.mu.Unlock()
	out := make([]SessionInfo, len(list))
	for i, ses := range list {
		out[i] = ses.view.info()
	}
	slices.SortFunc(out, func(a, b SessionInfo) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Kick ends a session by its ID: a transfer is cut, what came of an upload is kept as if the
// client had gone away, and the client is told that the administrator did it. It
// reports whether there is such a session.
func (s *Server) Kick(id string) bool {
	if s.prepare() != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ses := range s.sessions {
		if ses.label == id {
			ses.cancel(errKicked)
			return true
		}
	}
	return false
}

// TurnAway turns new sessions away, or takes them again; those that are open go on. It holds
// for Servers that succeed s, too.
func (s *Server) TurnAway(all bool) {
	if s.prepare() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turningAway = all
}

// view is what others may see of a session. Its own goroutine writes it, and that of a job
// the data connection.
type view struct {
	mu   sync.Mutex
	now  SessionInfo
	data *dataconn.Conn // of the transfer that runs
}

func (v *view) info() SessionInfo {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := v.now
	if v.data != nil {
		i.Moved = v.data.Sent() + v.data.Received()
	}
	return i
}

func (v *view) set(change func(i *SessionInfo)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change(&v.now)
}

// show tells who the session is now, and how it is protected.
func (s *session) show() {
	s.view.mu.Lock()
	defer s.view.mu.Unlock()
	i := &s.view.now
	i.Host, i.Account, i.TLS = s.hostName(), "", ""
	if s.grant != nil {
		i.Account = s.grant.Account
	}
	if s.conn == nil { // not greeted yet
		return
	}
	if state := s.conn.TLS(); state != nil {
		i.TLS = tlsVersion(state.Version)
	}
}

// begins tells of a command: of one that takes time by its verb, else by "".
func (v *view) begins(verb, path string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now.Verb, v.now.Path, v.now.Began = verb, path, time.Now()
}

// moves tells of the data connection of the transfer that runs.
func (v *view) moves(conn *dataconn.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.data = conn
}

// ends tells that nothing runs any more.
func (v *view) ends() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.data != nil {
		v.now.Down += v.data.Sent()
		v.now.Up += v.data.Received()
	}
	v.data, v.now.Verb, v.now.Path = nil, "", ""
}
