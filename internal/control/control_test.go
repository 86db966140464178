package control

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// house is a server that remembers what it was asked for.
type house struct {
	sessions []Session
	bans     []Ban
	reload   error
	drained  chan time.Duration
	actors   []string
	done     []Done
}

func (h *house) Sessions() []Session { return h.sessions }
func (h *house) Stats() Stats        { return Stats{Version: "v1", Sessions: len(h.sessions)} }
func (h *house) Certificates() []Certificate {
	return []Certificate{{File: "a.crt", Names: []string{"x"}}}
}
func (h *house) Bans() []Ban { return h.bans }
func (h *house) Reload(_ context.Context, actor string) error {
	h.by(actor)
	return h.reload
}
func (h *house) Drain(actor string, d time.Duration) {
	h.by(actor)
	h.drained <- d
}
func (h *house) by(actor string) { h.actors = append(h.actors, actor) }

func (h *house) Record(actor string, did []Done) bool {
	h.by(actor)
	h.done = append(h.done, did...)
	return true
}

func (h *house) Kick(actor, id string) bool {
	h.by(actor)
	for i, s := range h.sessions {
		if s.ID == id {
			h.sessions = append(h.sessions[:i], h.sessions[i+1:]...)
			return true
		}
	}
	return false
}

func (h *house) Ban(actor string, b Ban) error {
	h.by(actor)
	h.bans = append(h.bans, b)
	return nil
}

func (h *house) Unban(actor string, p netip.Prefix) bool {
	h.by(actor)
	for i, b := range h.bans {
		if b.Network == p {
			h.bans = append(h.bans[:i], h.bans[i+1:]...)
			return true
		}
	}
	return false
}

// socketDir is short: the paths of sockets are.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ctl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func start(t *testing.T, h House) (*Client, string) {
	t.Helper()
	path := filepath.Join(socketDir(t), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, h) }()
	c := NewClient(path)
	t.Cleanup(func() {
		c.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c, path
}

type hinted struct{ error }

func (hinted) Hint() string { return "do this" }

// Everything that can be asked for comes through, whole.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	one := Session{
		ID: "1f", Since: time.Unix(1, 0).UTC(), Remote: netip.MustParseAddrPort("[2001:db8::1]:5"), Account: "anna",
		Client: "lftp\x1b[31m", Verb: "STOR", Path: "/a\n", Moved: 5, Began: time.Unix(2, 0).UTC(), Down: 1, Up: 2,
	}
	h := &house{sessions: []Session{one}, drained: make(chan time.Duration, 1)}
	c, _ := start(t, h)
	ctx := t.Context()
	got, err := c.Sessions(ctx)
	if err != nil || got.At.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if d := cmp.Diff([]Session{one}, got.Sessions, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); d != "" {
		t.Error(d)
	}
	if s, err := c.Stats(ctx); err != nil || s.Version != "v1" || s.Sessions != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if list, err := c.Certificates(ctx); err != nil || len(list) != 1 || list[0].File != "a.crt" {
		t.Errorf("%+v, %v", list, err)
	}
	network := netip.MustParsePrefix("2001:db8::/32")
	if err := c.Ban(ctx, Ban{Network: network, Until: time.Unix(9e9, 0), Reason: "why"}); err != nil {
		t.Error(err)
	}
	if list, err := c.Bans(ctx); err != nil || len(list) != 1 || list[0].Network != network || list[0].Reason != "why" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := c.Unban(ctx, network); err != nil {
		t.Error(err)
	}
	if err := c.Kick(ctx, "1f"); err != nil {
		t.Error(err)
	}
	if err := c.Drain(ctx, time.Minute); err != nil || <-h.drained != time.Minute {
		t.Error(err)
	}
	if err := c.Reload(ctx); err != nil {
		t.Error(err)
	}
}

// Whoever changes something is known by what the system says of the other end; what was
// done to accounts is recorded under that name, and nothing else can be recorded so.
func TestActor(t *testing.T) {
	t.Parallel()
	h := &house{sessions: []Session{{ID: "1"}}, drained: make(chan time.Duration, 1)}
	c, _ := start(t, h)
	ctx := t.Context()
	network := netip.MustParsePrefix("10.0.0.0/8")
	for _, err := range []error{
		c.Kick(ctx, "1"), c.Ban(ctx, Ban{Network: network, Until: time.Unix(9e9, 0)}), c.Unban(ctx, network), c.Reload(ctx), c.Drain(ctx, 0),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	var done []Done
	for i := range 100 {
		done = append(done, Done{AccountAdd, strings.Repeat("\x01", 200+i), strings.Repeat("\x02", 2000)})
	}
	if ok, err := c.Record(ctx, done); err != nil || !ok || len(h.done) != 100 || h.done[99].Object != done[99].Object || len(h.done[99].Detail) != longestDetail {
		t.Errorf("%v, %v, %d recorded", ok, err, len(h.done))
	}
	if _, err := c.Record(ctx, []Done{{Action: "reload"}}); err == nil || len(h.done) != 100 {
		t.Errorf("another action: %v", err)
	}
	want := Actor(os.Getuid())
	if runtime.GOOS == "windows" {
		want = unknownActor
	}
	for _, a := range h.actors {
		if a != want {
			t.Errorf("%q, not %q", a, want)
		}
	}
	if len(h.actors) < 6 || !strings.HasPrefix(Actor(0), "uid 0") || Actor(987654321) != "uid 987654321" {
		t.Errorf("%q, %q", h.actors, Actor(0))
	}
}

// ender is a server that ends while it is asked to.
type ender struct {
	*house
	end func()
}

func (e ender) Drain(string, time.Duration) { e.end() }

// Who lets the server end gets an answer, and then nobody does.
func TestAnswerAtTheEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(socketDir(t), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, ender{&house{}, cancel}) }()
	c := NewClient(path)
	defer c.Close()
	if err := c.Drain(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := c.Reload(t.Context()); err == nil {
		t.Error("it goes on")
	}
}

// What the server refuses is told with its hint.
func TestProblems(t *testing.T) {
	t.Parallel()
	c, _ := start(t, &house{reload: hinted{errors.New("line 3")}})
	ctx := t.Context()
	for name, err := range map[string]error{
		"kick": c.Kick(ctx, "../none"), "unban": c.Unban(ctx, netip.MustParsePrefix("10.0.0.0/8")),
		"ban": c.Ban(ctx, Ban{}), "reload": c.Reload(ctx), "drain": c.Drain(ctx, -1),
	} {
		var p *Problem
		if !errors.As(err, &p) || p.Message == "" {
			t.Errorf("%s: %v", name, err)
		}
		if name == "reload" && (p.Message != "line 3" || p.Hint() != "do this") {
			t.Errorf("%+v", p)
		}
	}
}

// Requests that are none change nothing, and the server goes on.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	h := &house{drained: make(chan time.Duration, 10)}
	c, path := start(t, h)
	for _, request := range []string{
		"POST /v1/drain HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n{\"unknown\": true}",
		"POST /v1/bans HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n\"" + strings.Repeat("x", 69_999),
		"GET /v1/drain HTTP/1.1\r\nHost: x\r\n\r\n", "DELETE /v1/bans HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /v1/bans HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nnot", "\x16\x03\x01nonsense\r\n\r\n",
	} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, request); err != nil {
			t.Error(err)
		}
		_ = conn.(*net.UnixConn).CloseWrite()
		b, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 4") {
			t.Errorf("%.40q: %.80q, %v", request, b, err)
		}
		conn.Close()
	}
	if len(h.drained) > 0 || len(h.bans) > 0 {
		t.Error("something was done")
	}
	if _, err := c.Stats(t.Context()); err != nil {
		t.Error(err)
	}
}

// Only one server has the socket; what a killed one left is replaced, and what is no
// socket never is.
func TestListen(t *testing.T) {
	t.Parallel()
	dir := socketDir(t)
	path := filepath.Join(dir, "s")
	first, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := Listen(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a second server: %v", err)
	}
	first.(listener).SetUnlinkOnClose(false) // as a killed one leaves it
	first.Close()
	second, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil {
		t.Error("a file was replaced")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := Listen(filepath.Join(dir, strings.Repeat("x", 120))); err == nil {
		t.Error("a path that is too long was taken")
	}
}

// An answer that is not ours is an error and no crash.
func TestStrangeServer(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "x", `{"error":""}`, `{"sessions": 5}`} {
		path := filepath.Join(socketDir(t), "s")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusTeapot)
			}
			_, _ = io.WriteString(w, body)
		})}
		go s.Serve(l)
		c := NewClient(path)
		if _, err := c.Sessions(t.Context()); err == nil && body != `{"error":""}` {
			t.Errorf("%q: no error", body)
		}
		if err := c.Reload(t.Context()); err == nil {
			t.Errorf("%q: no error", body)
		}
		c.Close()
		s.Close()
	}
}
