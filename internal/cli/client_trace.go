package cli

import (
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// tracer prints the dialogue of --verbose: "> EPSV", "< 229 ...". Lines of connections
// beside the first begin with their number.
type tracer struct {
	mu    sync.Mutex
	w     io.Writer
	conns map[string]int
}

func newTracer(w io.Writer) *tracer { return &tracer{w: w, conns: map[string]int{}} }

// event prints one event, whose texts may come from the server.
func (t *tracer) event(e ftpclient.TraceEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Kind == ftpclient.TraceConnected {
		// A local port may be used again by a later connection.
		delete(t.conns, e.Conn)
	}
	n, ok := t.conns[e.Conn]
	if !ok {
		n = len(t.conns) + 1
		t.conns[e.Conn] = n
	}
	prefix := ""
	if n > 1 {
		prefix = fmt.Sprintf("%d ", n)
	}
	for _, line := range traceLines(e) {
		_, _ = fmt.Fprintf(t.w, "%s%s\n", prefix, line)
	}
}

// traceLines are the lines of one event, made safe.
func traceLines(e ftpclient.TraceEvent) []string {
	switch e.Kind {
	case ftpclient.TraceConnected:
		return []string{"* connected to " + ui.Safe(e.Addr)}
	case ftpclient.TraceTLS:
		return []string{"* " + tlsFacts(e.TLS)}
	case ftpclient.TraceSent:
		return []string{"> " + ui.Safe(e.Command)}
	case ftpclient.TraceData:
		facts := "without TLS"
		if e.TLS != nil {
			facts = tls.VersionName(e.TLS.Version) + ", a session of its own"
			if e.TLS.DidResume {
				facts = tls.VersionName(e.TLS.Version) + ", resumes the session of the control connection"
			}
		}
		return []string{"* data connection to " + ui.Safe(e.Addr) + ": " + facts}
	}
	lines := make([]string, len(e.Reply.Lines))
	for i, line := range e.Reply.Lines {
		mark := " "
		if i < len(lines)-1 {
			mark = "-"
		}
		lines[i] = fmt.Sprintf("< %03d%s%s", int(e.Reply.Code), mark, ui.Safe(line))
	}
	return lines
}

// tlsFacts describes a connection in a line.
func tlsFacts(cs *tls.ConnectionState) string {
	facts := []string{tls.VersionName(cs.Version), tls.CipherSuiteName(cs.CipherSuite), cs.CurveID.String()}
	if len(cs.PeerCertificates) > 0 {
		leaf := cs.PeerCertificates[0]
		facts = append(facts, "key "+certs.PinOf(leaf).String(), "names "+ui.Safe(certs.Names(leaf)))
	}
	return strings.Join(facts, ", ")
}
