package ftpserver

import (
	"crypto/x509"
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
	EventRefused      EventKind = "refused"         // turned away: limit, garbage, injection
	EventNotDone      EventKind = "command-refused" // a command was answered with 4yz or 5yz
	EventTransfer     EventKind = "transfer"        // a data command ended, well or not
	EventChange       EventKind = "change"          // DELE, MKD, RMD, RNTO, MFMT succeeded
	EventHash         EventKind = "hash"            // the client was told the hash of a file, or of Bytes of it
)

// Event is one thing that happened in a session. Strings that come from the
// peer (User, Path, To, Client, and those of Handshake) are as sent: escape them where they
// are shown. No event holds a password, nor the argument of a command that may be one.
type Event struct {
	Kind    EventKind
	Time    time.Time
	Session string         // id, the same in all events of a session; "" for a proxy without a header
	Remote  netip.AddrPort // of the control connection
	Host    string         // the virtual host, if one was chosen: its first name
	Account string         // "" before login
	User    string         // what the peer called itself, in login events
	Verb    string         // of the command, where there is one that exists
	Path    string         // in the account's tree
	To      string         // of EventChange, in the same tree: the new name, or the copy
	Facts   string         // of EventChange: the attributes that were set, in the form of MFF
	Hash    string         // algorithm and digest of the file, where they are known, as in SHA-256:ab12
	Bytes   int64          // moved on the data connection, before compression
	Took    time.Duration  // by a clock that does not jump
	TLS     string         // version, where the connection is protected
	// Implicit and Legacy say to which kind of listener the client has connected; with
	// Legacy it takes weak TLS (ListenerPolicy.Legacy).
	Implicit, Legacy bool
	Certificate      bool     // of EventLogin: it logged in by its certificate, without a password
	Resumed          bool     // the data connection resumed a TLS session of the account
	Reply            ftp.Code // what the peer was told in the end
	Err              error    // why, with details that the peer was not told

	Handshake *Handshake // of EventTLS
	Transfer  *Transfer  // of EventTransfer
	Totals    *Totals    // of EventSessionEnd
}

// Handshake is what a TLS handshake on a control connection has come to.
type Handshake struct {
	Suite, Group string
	ALPN         string            // the protocol that was agreed on, or ""
	ServerName   string            // that the client asked for, or ""
	Certificate  *x509.Certificate // that the client has shown, whether or not anybody vouches for it; nil: none
}

// Transfer is what is particular to a data command.
type Transfer struct {
	Upload bool
	ASCII  bool
	Offset int64 // at which a resumed one began, in bytes
	End    DataEnd
	// Aborted says that it ended because the client or the server wanted it to.
	Aborted bool
}

// DataEnd says how a data connection ended.
type DataEnd string

// The ends of data connections.
const (
	EndCloseNotify DataEnd = "close_notify" // as TLS demands
	EndFIN         DataEnd = "fin"          // in clear, that is the end; under TLS, a cut
	EndReset       DataEnd = "reset"        // it broke
	EndTimeout     DataEnd = "timeout"      // no data moved
	EndAborted     DataEnd = "aborted"      // the server cut it
	EndFailed      DataEnd = "failed"       // its handshake failed, or it did not prove whose it is
	EndNone        DataEnd = "none"         // none was made
)

// Totals is what a session has done.
type Totals struct {
	Commands, Transfers int64
	Received, Sent      int64  // bytes, as Event.Bytes counts them
	Client              string // what the program of the client called itself
}
