package dataconn

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"testing"
	"time"
)

// oneTicket is a cache that always shows the same ticket.
type oneTicket struct{ state *tls.ClientSessionState }

func (c *oneTicket) Get(string) (*tls.ClientSessionState, bool)  { return c.state, c.state != nil }
func (c *oneTicket) Put(_ string, state *tls.ClientSessionState) { c.state = state }

// ticketOf makes a transfer that leaves a ticket.
func ticketOf(t *testing.T, p *party) *tls.ClientSessionState {
	t.Helper()
	cache := &oneTicket{}
	client := p.client
	p.client = client.Clone()
	p.client.ClientSessionCache = cache
	p.transfer(pattern("first"))
	p.client = client
	if cache.state == nil {
		t.Fatal("the first transfer left no ticket")
	}
	return cache.state
}

// showing gives the party a client that shows state and learns nothing.
func (p *party) showing(state *tls.ClientSessionState) *party {
	q := *p
	q.client = p.client.Clone()
	q.client.ClientSessionCache = &oneTicket{state}
	return &q
}

// forged has the same ticket with another secret, as a thief has it that has seen
// it on the wire; or another ticket.
func forged(t *testing.T, state *tls.ClientSessionState, change func(ticket, session []byte)) *tls.ClientSessionState {
	t.Helper()
	ticket, session, err := state.ResumptionState()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := session.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	ticket = append([]byte(nil), ticket...)
	change(ticket, raw)
	if session, err = tls.ParseSessionState(raw); err != nil {
		t.Fatal(err)
	}
	if state, err = tls.NewResumptionState(ticket, session); err != nil {
		t.Fatal(err)
	}
	return state
}

// sessionSecret is where the secret begins in tls.SessionState.Bytes: behind
// version, type, suite, time of creation and its own length.
const sessionSecret = 2 + 1 + 2 + 8 + 1

// SP-04: a ticket without its secret gets nothing: nothing is claimed before the
// handshake has been completed. The victim, though later, gets its file.
func TestSP04StolenTicket(t *testing.T) {
	for _, v := range tlsVersions {
		t.Run(v.name, func(t *testing.T) {
			server, client := testTLS(t, v.version)
			s := shareLoopback(t, 1, SharedOptions{OwnerAge: hangLimit})
			victim := newParty(t, s, loopback, server, client)
			victim.request.Habits = resumes
			state := ticketOf(t, victim)
			thief := victim.showing(forged(t, state, func(_, session []byte) { session[sessionSecret] ^= 1 }))
			o := victim.offer()
			if got, _, err := thief.fetch(o.Port()); err == nil || got != "" {
				t.Errorf("the thief got %q, %v", got, err)
			}
			if !victim.showing(state).carry(o, pattern("the victim's")) {
				t.Error("the victim did not resume")
			}
			if c := s.Counts(); c.Failed+c.Dropped != 1 { // the victim may win before the thief is judged
				t.Errorf("counted %+v", c)
			}
		})
	}
}

// SP-05: a ticket that proves nothing leads to a full handshake and to the right
// file.
func TestSP05WorthlessTickets(t *testing.T) {
	for _, v := range tlsVersions {
		for _, kind := range []string{"garbage", "rotated key", "refused by the server"} {
			t.Run(v.name+"/"+kind, func(t *testing.T) {
				server, client := testTLS(t, v.version)
				s := shareLoopback(t, 1, SharedOptions{OwnerAge: hangLimit})
				p := newParty(t, s, loopback, server, client)
				server.SetSessionTicketKeys([][32]byte{{1}})
				state := ticketOf(t, p)
				switch kind {
				case "garbage":
					state = forged(t, state, func(ticket, _ []byte) { ticket[len(ticket)/2] ^= 1 })
				case "rotated key":
					server.SetSessionTicketKeys([][32]byte{{2}})
				default: // as of a dead session, or of another account
					server = server.Clone()
					server.UnwrapSession = func([]byte, tls.ConnectionState) (*tls.SessionState, error) { return nil, nil }
					p.request.Secure = secureWith(server)
				}
				if p.showing(state).transfer(pattern("f")) {
					t.Error("it resumed")
				}
			})
		}
	}
}

// SP-06 with real handshakes: the thief is faster, full handshake and all; the
// victim, which resumes, gets the file.
func TestSP06FasterThief(t *testing.T) {
	for _, v := range tlsVersions {
		t.Run(v.name, func(t *testing.T) {
			server, client := testTLS(t, v.version)
			s := shareLoopback(t, 1, SharedOptions{OwnerAge: hangLimit, Grace: hangLimit})
			victim := newParty(t, s, loopback, server, client)
			victim.request.Habits = resumes
			s.terms.grace = time.Millisecond // for the one that fetches the ticket
			state := ticketOf(t, victim)
			s.terms.grace = hangLimit
			o := victim.offer()
			thief := tls.Client(victim.dial(o.Port()), client)
			if err := thief.Handshake(); err != nil {
				t.Fatal(err)
			}
			victim.showing(state).carry(o, pattern("the victim's"))
			if got, err := io.ReadAll(thief); len(got) > 0 || err == nil {
				t.Errorf("the thief got %q, %v", got, err)
			}
		})
	}
}

// A connection that does not resume, where that is required, is ended politely:
// with a close_notify, and so that the client can go on to read the reply. The
// offer stays open for one that does.
func TestRequireDeclinesPolitely(t *testing.T) {
	for _, v := range tlsVersions {
		t.Run(v.name, func(t *testing.T) {
			server, client := testTLS(t, v.version)
			s := shareLoopback(t, 1, SharedOptions{OwnerAge: hangLimit})
			p := newParty(t, s, loopback, server, client)
			state := ticketOf(t, p)
			p.request.Policy = PolicyRequire
			o := p.offer()
			// An upload, even: what it has sent does not turn the end into a reset.
			conn := tls.Client(p.dial(o.Port()), client)
			if _, err := conn.Write(make([]byte, 100_000)); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(conn); len(got) > 0 || err != nil {
				t.Errorf("declined with %q, %v; want the end of the stream", got, err)
			}
			conn.Close()
			if !p.showing(state).carry(o, pattern("proven")) {
				t.Error("it did not resume")
			}

			o = p.offer()
			ctx, cancel := context.WithCancel(t.Context())
			if _, _, err := p.fetch(o.Port()); err != nil {
				t.Error(err)
			}
			cancel()
			if _, err := o.Wait(ctx); !errors.Is(err, ErrUnproven) || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
}
