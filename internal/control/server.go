package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

// House is the server that is controlled. Its methods are called by several goroutines.
// actor is who asks for a change, as [Actor] names users of the system.
type House interface {
	Sessions() []Session
	Kick(actor, id string) bool
	Stats() Stats
	Certificates() []Certificate
	Bans() []Ban
	Ban(actor string, b Ban) error
	Unban(actor string, network netip.Prefix) bool
	Reload(ctx context.Context, actor string) error
	Drain(actor string, limit time.Duration)
	// Record takes what actor has changed without the server, and reports whether it is
	// recorded: there may be no trail.
	Record(actor string, did []Done) bool
}

const (
	maxBody = 64 << 10 // bytes of a request; the largest has one ban
	// patience bounds a request: a reload may have to add up what is in many folders.
	patience = 5 * time.Minute
	// lastAnswers is how long the end waits for requests that run.
	lastAnswers = 2 * time.Second
)

// Serve answers requests that come to l, as [Listen] gives it, until ctx ends or l is
// closed.
func Serve(ctx context.Context, l net.Listener, h House) error {
	s := &http.Server{
		Handler: routes(h), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: patience, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, actorKey{}, actorAt(conn))
		},
	}
	ended := make(chan struct{})
	stay := context.AfterFunc(ctx, func() {
		defer close(ended)
		grace, cancel := context.WithTimeout(context.Background(), lastAnswers)
		defer cancel()
		if s.Shutdown(grace) != nil {
			s.Close()
		}
	})
	err := s.Serve(l)
	if !stay() {
		<-ended // who has drained the server gets his answer
	}
	if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// endpoint is one row of the table: what can be asked for.
type endpoint struct {
	Endpoint
	serve func(w http.ResponseWriter, r *http.Request, h House)
}

// Endpoint describes one request. Body and Answer are the JSON, by example; empty: none.
type Endpoint struct{ Method, Path, Body, Does, Answer string }

// Endpoints is the table of requests.
func Endpoints() []Endpoint {
	var out []Endpoint
	for _, e := range endpoints() {
		out = append(out, e.Endpoint)
	}
	return out
}

const sessionsExample = `{"at", "sessions": [{"id", "since", "remote", "host", "account", "client", "tls", "verb", "path", "moved", "began", "down", "up"}]}`

func endpoints() []endpoint {
	return []endpoint{
		{Endpoint{"GET", "/v1/sessions", "", "the open sessions", sessionsExample},
			func(w http.ResponseWriter, _ *http.Request, h House) {
				answer(w, Sessions{At: time.Now(), Sessions: h.Sessions()})
			}},
		{Endpoint{"POST", "/v1/sessions/{id}/kick", "", "ends a session; 404 if there is none", "{}"}, kick},
		{Endpoint{"GET", "/v1/stats", "", "counts since the start", `{"started", "version", "sessions", "transfers", "logins", "guard": {"bans", ...}, "trail": {"on", "healthy", "lost", ...}, ...}`},
			func(w http.ResponseWriter, _ *http.Request, h House) { answer(w, h.Stats()) }},
		{Endpoint{"GET", "/v1/certs", "", "the certificates that the server shows", `{"certificates": [{"file", "names", "until", "sha256", "pin", "staple"}]}`},
			func(w http.ResponseWriter, _ *http.Request, h House) { answer(w, Certificates{h.Certificates()}) }},
		{Endpoint{"GET", "/v1/bans", "", "the networks that are banned", `{"bans": [{"network", "until", "reason"}]}`},
			func(w http.ResponseWriter, _ *http.Request, h House) { answer(w, Bans{h.Bans()}) }},
		{Endpoint{"POST", "/v1/bans", `{"network": "192.0.2.0/24", "until": "2030-01-31T00:00:00Z", "reason": "scanner"}`, "bans a network, for ten years at most", "{}"}, ban},
		{Endpoint{"DELETE", "/v1/bans", "", "lifts the ban of the network in the query, `?network=192.0.2.0/24`; 404 if there is none", "{}"}, unban},
		{Endpoint{"POST", "/v1/reload", "", "reads the settings again; 409 if they have a mistake, and those of before stay", "{}"}, reload},
		{Endpoint{"POST", "/v1/drain", `{"for_ns": 60000000000}`, "takes no new sessions, and stops the server when the others have ended, or after that time; 0 is no limit", "{}"}, drain},
		{Endpoint{"POST", "/v1/admin", `{"done": [{"action": "account-add", "object": "anna", "detail": "read-only=true"}]}`,
			"records in the trail what the user at the other end has done to accounts; 400 for other actions", `{"recorded": true}`}, record},
	}
}

func routes(h House) http.Handler {
	mux := http.NewServeMux()
	for _, e := range endpoints() {
		mux.HandleFunc(e.Method+" "+e.Path, func(w http.ResponseWriter, r *http.Request) { e.serve(w, r, h) })
	}
	return mux
}

func kick(w http.ResponseWriter, r *http.Request, h House) {
	if !h.Kick(actorOf(r), r.PathValue("id")) {
		refuse(w, http.StatusNotFound, &Problem{"there is no such session", "sealane ctl sessions shows those that are open"})
		return
	}
	answer(w, struct{}{})
}

func reload(w http.ResponseWriter, r *http.Request, h House) {
	if err := h.Reload(r.Context(), actorOf(r)); err != nil {
		refuse(w, http.StatusConflict, problem(err))
		return
	}
	answer(w, struct{}{})
}

func drain(w http.ResponseWriter, r *http.Request, h House) {
	var d Drain
	if !read(w, r, &d) {
		return
	}
	if d.For < 0 {
		refuse(w, http.StatusBadRequest, &Problem{Message: "for_ns is below 0"})
		return
	}
	h.Drain(actorOf(r), d.For)
	answer(w, struct{}{})
}

func ban(w http.ResponseWriter, r *http.Request, h House) {
	var b Ban
	if !read(w, r, &b) {
		return
	}
	if !b.Network.IsValid() || b.Until.IsZero() {
		refuse(w, http.StatusBadRequest, &Problem{Message: "network or until is missing"})
		return
	}
	if err := h.Ban(actorOf(r), b); err != nil {
		refuse(w, http.StatusConflict, problem(err))
		return
	}
	answer(w, struct{}{})
}

func unban(w http.ResponseWriter, r *http.Request, h House) {
	network, err := netip.ParsePrefix(r.URL.Query().Get("network"))
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, &Problem{Message: "network is not one, such as 192.0.2.0/24"})
	case !h.Unban(actorOf(r), network):
		refuse(w, http.StatusNotFound, &Problem{"this network is not banned", "sealane ctl bans shows those that are"})
	default:
		answer(w, struct{}{})
	}
}

func record(w http.ResponseWriter, r *http.Request, h House) {
	var a Admin
	if !read(w, r, &a) {
		return
	}
	for _, d := range a.Done {
		if !slices.Contains(Actions(), d.Action) {
			refuse(w, http.StatusBadRequest, &Problem{Message: "one of the actions is not one of accounts"})
			return
		}
	}
	answer(w, Recorded{h.Record(actorOf(r), a.Done)})
}

// problem keeps the hint of an error, if it has one.
func problem(err error) *Problem {
	p := &Problem{Message: err.Error()}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		p.Advice = hinted.Hint()
	}
	return p
}

// read takes the body of a request, which is JSON and nothing that v does not have.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		refuse(w, http.StatusBadRequest, &Problem{Message: "the body of the request is not what was expected: " + err.Error()})
		return false
	}
	return true
}

func answer(w http.ResponseWriter, v any) { write(w, http.StatusOK, v) }

func refuse(w http.ResponseWriter, status int, p *Problem) { write(w, status, p) }

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who asked has gone
}
