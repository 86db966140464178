package ftpclient

import (
	"crypto/tls"
	"slices"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// TraceKind says what a TraceEvent tells of.
type TraceKind uint8

// The kinds of events.
const (
	TraceConnected TraceKind = iota // the control connection is made: Addr
	TraceTLS                        // the control connection is protected: TLS
	TraceSent                       // a command was sent: Command
	TraceReceived                   // a reply has come: Reply
	TraceData                       // a data connection is ready: Addr, and TLS if it is protected
)

// TraceEvent is one step of the dialogue with a server.
type TraceEvent struct {
	Kind TraceKind
	// Conn is the local address of the control connection: it tells connections apart.
	Conn string
	// Command is a line as it was sent, without its end. What is secret in it (PASS,
	// ACCT, SITE PSWD) is replaced by "****" and never comes here.
	Command string
	// Reply is as the server sent it, and may hold anything.
	Reply ftp.Reply
	Addr  string
	TLS   *tls.ConnectionState
}

func (c *Client) trace(e TraceEvent) {
	if c.opt.Trace == nil {
		return
	}
	e.Conn = c.raw.LocalAddr().String()
	c.opt.Trace(e)
}

func (c *Client) traceSent(lines [][]string) {
	if c.opt.Trace == nil {
		return
	}
	for _, line := range lines {
		c.trace(TraceEvent{Kind: TraceSent, Command: strings.Join(withoutSecret(line), " ")})
	}
}

func (c *Client) traceTLS() {
	state := c.ctl.TLS()
	c.trace(TraceEvent{Kind: TraceTLS, TLS: state, Addr: c.raw.RemoteAddr().String()})
}

// withoutSecret hides what follows a command whose argument must not be seen.
func withoutSecret(line []string) []string {
	visible := 0
	switch words := strings.Fields(strings.ToUpper(strings.Join(line, " "))); {
	case len(words) == 0:
	case words[0] == "PASS", words[0] == "ACCT":
		visible = 1
	case len(words) > 1 && words[0] == "SITE" && slices.Contains([]string{"PSWD", "CPWD", "PASSWD"}, words[1]):
		visible = 1 // the word may be in the same argument as the secret
	}
	if visible == 0 {
		return line
	}
	if verb, _, joined := strings.Cut(line[0], " "); joined { // Do may be given the whole line
		return []string{verb, "****"}
	}
	return append(slices.Clone(line[:visible]), "****")
}
