package ftpserver

import (
	"net/netip"
	"time"

	"github.com/sealane/sealane/ftp"
)

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	EventSessionStart EventKind = "session-start"
	EventSessionEnd   EventKind = "session-end"
	EventTLS          EventKind = "tls"        // the control connection is protected
	EventTLSFailed    EventKind = "tls-failed" // a handshake on control failed
	EventLogin        EventKind = "login"      // Account may go on
	EventLoginFailed  EventKind = "login-failed"
	EventRefused      EventKind = "refused"  // turned away: limit, garbage, injection
	EventTransfer     EventKind = "transfer" // a data command ended, well or not
	EventChange       EventKind = "change"   // DELE, MKD, RMD, RNTO, MFMT succeeded
)

// Event is one thing that happened in a session. Strings that come from the
// peer (User, Path) are as sent: escape them where they are shown.
type Event struct {
	Kind    EventKind
	Time    time.Time
	Session string         // id, the same in all events of a session; "" for a proxy without a header
	Remote  netip.AddrPort // of the control connection
	Host    string         // the virtual host, if one was chosen: its first name
	Account string         // "" before login
	User    string         // what the peer called itself, in login events
	Verb    string         // of the command, where there is one
	Path    string         // in the account's tree
	Bytes   int64          // moved on the data connection, before compression
	Took    time.Duration
	TLS     string   // version, where the connection is protected
	Legacy  bool     // of EventTLS: the listener takes weak TLS (ListenerPolicy.Legacy)
	Resumed bool     // the data connection resumed a TLS session of the account
	Reply   ftp.Code // what the peer was told in the end
	Err     error    // why, with details that the peer was not told
}
