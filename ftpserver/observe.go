package ftpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// tally counts what a session does, for its last event.
type tally struct{ commands, transfers, received, sent int64 }

func (t *tally) transferred(e *Event) {
	t.transfers++
	if e.Transfer != nil && e.Transfer.Upload {
		t.received += e.Bytes
	} else {
		t.sent += e.Bytes
	}
}

// An Event is large, and the functions that call these three are in the stack of every
// session that idles (see step): it must not become a part of theirs.

//go:noinline
func (s *session) observeStart() {
	s.observe(Event{Kind: EventSessionStart, Implicit: s.via.implicit, Legacy: s.via.legacy})
}

//go:noinline
func (s *session) observeEnd() {
	s.observe(Event{Kind: EventSessionEnd, Took: time.Since(s.opened), Totals: &Totals{
		Commands: s.tally.commands, Transfers: s.tally.transfers, Received: s.tally.received, Sent: s.tally.sent,
		Client: s.view.info().Client,
	}})
}

// observeNotDone tells of a command that was answered with 4yz or 5yz. row is nil where
// there is no such command: then what came may be anything, also a password in the
// wrong place, and nothing of it is told. A path is told for commands that have one.
//
//go:noinline
func (s *session) observeNotDone(row *command, arg string, r ftp.Reply, err error) {
	if c := r.Code.Class(); s.srv.Observe == nil || c != ftp.Transient && c != ftp.Permanent {
		return
	}
	e := Event{Kind: EventNotDone, Reply: r.Code, Err: err}
	if row != nil {
		e.Verb = row.verb
		if name := row.pathIn(arg); name != "" && s.state == loggedIn {
			if p, err := s.path(name); err == nil {
				e.Path = p.String()
			}
		}
	}
	if err == nil {
		e.Err = errors.New(r.Lines[0])
	}
	s.observe(e)
}

// pathIn gives the path in the argument of a command, "" if it has none or several.
func (c *command) pathIn(arg string) string {
	switch c.syntax {
	case "path", "[path]":
		return arg
	case "mode path", "time path", "group path", "fact=value;... path":
		_, name, _ := strings.Cut(arg, " ")
		return name
	}
	return ""
}

// shaken describes a handshake that has succeeded.
func shaken(cs tls.ConnectionState) *Handshake {
	h := &Handshake{
		Suite: tls.CipherSuiteName(cs.CipherSuite), ALPN: cs.NegotiatedProtocol, ServerName: cs.ServerName,
	}
	if cs.CurveID != 0 { // none in the exchange of RSA
		h.Group = cs.CurveID.String()
	}
	if len(cs.PeerCertificates) > 0 {
		h.Certificate = cs.PeerCertificates[0]
	}
	return h
}

// endOf says how a data connection ended that had been made, by the error of its
// transfer.
func endOf(conn *dataconn.Conn, cut bool, err error) DataEnd {
	var broken *transferError
	switch {
	case cut:
		return EndAborted
	case !errors.As(err, &broken):
	case errors.Is(err, dataconn.ErrTruncated):
		return EndFIN
	case errors.Is(err, dataconn.ErrStalled):
		return EndTimeout
	default:
		return EndReset
	}
	if conn.TLS() == nil {
		return EndFIN
	}
	return EndCloseNotify
}

// unmade is endOf for a connection that did not come about.
func unmade(err error) DataEnd {
	if errors.Is(err, dataconn.ErrHandshake) || errors.Is(err, dataconn.ErrUnproven) || errors.Is(err, dataconn.ErrRivals) {
		return EndFailed
	}
	return EndNone
}

// wanted reports whether a transfer ended because somebody wanted it to.
func wanted(err error) bool {
	return errors.Is(err, errAborted) || errors.Is(err, errShutdown) || errors.Is(err, errKicked) ||
		errors.Is(err, errGone) || errors.Is(err, context.Canceled)
}

// observe fills in what all events of a session share.
func (s *session) observe(e Event) {
	if s.srv.Observe == nil {
		return
	}
	e.Time, e.Session, e.Remote, e.Host = time.Now(), s.name(), s.remote, s.hostName()
	if s.grant != nil && e.Account == "" {
		e.Account = s.grant.Account
	}
	if s.conn != nil && e.TLS == "" {
		if state := s.conn.TLS(); state != nil {
			e.TLS = tlsVersion(state.Version)
		}
	}
	s.srv.Observe(s.ctx, e)
}
