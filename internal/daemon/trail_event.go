package daemon

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/trail"
)

// The verdicts of the trail.
const (
	verdictOK      = "ok"
	verdictFailed  = "failed"
	verdictAborted = "aborted"
	verdictRefused = "refused"
)

// trailEvent tells an event of the server in the words of the trail.
func trailEvent(e *ftpserver.Event) trail.Event {
	out := trail.Event{
		Time: e.Time, Kind: trail.Kind(e.Kind), Session: e.Session, Host: e.Host, Account: e.Account, User: e.User, TLS: e.TLS,
		Verb: e.Verb, Path: e.Path, To: e.To, Attributes: e.Facts, Hash: e.Hash, Bytes: e.Bytes, Duration: e.Took.Microseconds(),
		Resumed: e.Resumed, Legacy: e.Legacy, Reply: int64(e.Reply), Verdict: verdictOf(e),
	}
	if e.Remote.IsValid() {
		out.Address, out.Port = e.Remote.Addr().Unmap().String(), int64(e.Remote.Port())
	}
	if e.Err != nil {
		out.Error = e.Err.Error()
	}
	switch e.Kind {
	case ftpserver.EventSessionStart, ftpserver.EventTLS:
		out.Listener = listenerOf(e)
	case ftpserver.EventLogin, ftpserver.EventLoginFailed:
		out.Method = "password"
		if e.Certificate {
			out.Method = "certificate"
		}
	}
	switch e.Kind {
	case ftpserver.EventLoginFailed, ftpserver.EventRefused:
		out.Rule, out.Error = ruleOf(out.Error), ""
	}
	if h := e.Handshake; h != nil {
		out.Suite, out.Group, out.ALPN, out.SNI = h.Suite, h.Group, h.ALPN, h.ServerName
		if h.Certificate != nil {
			sum := sha256.Sum256(h.Certificate.Raw)
			out.Certificate, out.CertificateSum = h.Certificate.Subject.String(), hex.EncodeToString(sum[:])
		}
	}
	if t := e.Transfer; t != nil {
		out.Offset, out.End, out.Type, out.Rate = t.Offset, string(t.End), "binary", rate(e.Bytes, e.Took)
		if t.ASCII {
			out.Type = "ascii"
		}
	}
	if t := e.Totals; t != nil {
		out.Commands, out.Transfers, out.Received, out.Sent, out.Client = t.Commands, t.Transfers, t.Received, t.Sent, t.Client
	}
	return out
}

func verdictOf(e *ftpserver.Event) string {
	switch e.Kind {
	case ftpserver.EventLoginFailed, ftpserver.EventRefused, ftpserver.EventNotDone:
		return verdictRefused
	case ftpserver.EventTLSFailed:
		return verdictFailed
	case ftpserver.EventLogin, ftpserver.EventChange, ftpserver.EventTLS:
		return verdictOK
	case ftpserver.EventTransfer, ftpserver.EventHash:
		switch {
		case e.Transfer != nil && e.Transfer.Aborted:
			return verdictAborted
		case e.Err != nil || e.Reply >= 400:
			return verdictFailed
		}
		return verdictOK
	}
	return ""
}

func listenerOf(e *ftpserver.Event) string {
	switch {
	case e.Legacy:
		return "legacy"
	case e.Implicit:
		return "implicit"
	}
	return "explicit"
}

// ruleOf gives the rule that refused, which stands behind the word for the refusal.
func ruleOf(text string) string {
	for _, word := range []error{auth.ErrDenied, auth.ErrBusy} {
		if rule, ok := strings.CutPrefix(text, word.Error()+": "); ok {
			return rule
		}
	}
	return text
}

// rate is in bytes per second, 0 where that would say nothing.
func rate(n int64, d time.Duration) int64 {
	if n <= 0 || d <= 0 {
		return 0
	}
	r := float64(n) / d.Seconds()
	if r >= 1<<62 {
		return 0
	}
	return int64(r)
}
