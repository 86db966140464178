package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/guard"
	"github.com/sealane/sealane/vfs/memfs"
)

// guarded is a server with the accounts anna and bob, whose passwords are their names,
// behind a guard.
type guarded struct {
	t *testing.T
	*ftptest.Server
	warden
	log safeLog
}

type safeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *safeLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func serveGuarded(t *testing.T, p guard.Policy) *guarded {
	t.Helper()
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		t.Skip("of 127.0.0.0/8 only one address can be used here")
	}
	s := &guarded{t: t}
	logger := slog.New(slog.NewTextHandler(&s.log, nil))
	s.open(t.TempDir(), p, logger, nil)
	t.Cleanup(s.close)
	var list []password.Account
	for _, name := range []string{"anna", "bob"} {
		hash, err := bcrypt.GenerateFromPassword([]byte(name), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, password.Account{Name: name, Hash: string(hash), FS: memfs.New()})
	}
	book, err := password.New(list, s.hashing()...)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = ftptest.NewServer(nil, func(srv *ftpserver.Server) {
		srv.Login, srv.TLS.InsecurePlaintext = book.Login, true
		srv.Observe = logEvent(logger)
		s.protect(srv)
	})
	t.Cleanup(s.Server.Close)
	return s
}

// line is a control connection in clear.
type line struct {
	net.Conn
	r *bufio.Reader
}

func (s *guarded) dial(from string) (*line, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.Dial("tcp", s.Addr)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(time.Minute)) // for tests that hang
	return &line{conn, bufio.NewReader(conn)}, nil
}

// do sends a command, none for the greeting, and gives the reply; "" for none.
func (l *line) do(command string) string {
	if command != "" {
		if _, err := fmt.Fprintf(l, "%s\r\n", command); err != nil {
			return ""
		}
	}
	reply, err := l.r.ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimSpace(reply)
}

// try connects, logs in and leaves. It gives the last reply.
func (s *guarded) try(from, name, pass string) string {
	s.t.Helper()
	l, err := s.dial(from)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	defer l.Close()
	if reply := l.do(""); !strings.HasPrefix(reply, "220") {
		return reply
	}
	if reply := l.do("USER " + name); !strings.HasPrefix(reply, "331") {
		s.t.Errorf("USER: %s", reply)
	}
	return l.do("PASS " + pass)
}

func (s *guarded) want(from, name, pass, reply string) {
	s.t.Helper()
	if got := s.try(from, name, pass); !strings.HasPrefix(got, reply) {
		s.t.Errorf("%s as %s: %q, want %s", from, name, got, reply)
	}
}

// S-20, V-56: three failures end a session, more end all of the address, with lines in
// the log that other programs can go by. An address that is denied is not let in.
func TestS20BruteForceOneAddress(t *testing.T) {
	p := guard.DefaultPolicy()
	p.Failures, p.DelayMax = 4, time.Millisecond
	p.Deny = nets(t, "127.0.3.0/24")
	s := serveGuarded(t, p)
	l, err := s.dial("127.0.0.2")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.do("")
	for i, want := range []string{"530", "530", "421"} {
		l.do("USER anna")
		if got := l.do("PASS guess"); !strings.HasPrefix(got, want) {
			t.Errorf("failure %d: %q, want %s", i+1, got, want)
		}
	}
	if got := l.do("NOOP"); got != "" {
		t.Errorf("after the third: %q", got)
	}
	s.want("127.0.0.2", "anna", "guess", "530")
	s.want("127.0.0.2", "anna", "anna", "421")
	s.want("127.0.3.3", "anna", "anna", "421")
	s.want("127.0.0.4", "anna", "anna", "230")
	s.want("127.0.0.4", "bob", "bob", "230")
	for _, line := range []string{
		`level=WARN msg=banned network=127.0.0.2/32 until=`, `failures=4 reason="too many failed logins"`,
		`level=WARN msg=login-failed session=`, `remote=127.0.0.2:`,
		`reply=421 error="the address is banned"`, `reply=421 error="the address is in guard.deny"`,
	} {
		if !strings.Contains(s.log.String(), line) {
			t.Errorf("%s is not in the log:\n%s", line, s.log.String())
		}
	}
	if !s.Unban(nets(t, "127.0.0.2/32")[0]) {
		t.Error("there was no ban to lift")
	}
	s.want("127.0.0.2", "anna", "anna", "230")
}

// S-20, S-21: 1000 addresses at once for one name: hardly any guess costs a hash, the
// replies are those of any wrong password, and an address that logged in before goes
// in and out, all the time.
func TestS20BruteForceThousandAddresses(t *testing.T) {
	const addresses = 1000
	p := guard.DefaultPolicy()
	p.DelayMax, p.Handshakes = time.Second, 2*addresses
	s := serveGuarded(t, p)
	s.want("127.200.0.1", "anna", "anna", "230")
	replies := make(chan string, 2*addresses)
	began := time.Now()
	var all sync.WaitGroup
	for i := range addresses {
		all.Go(func() {
			for _, name := range []string{"anna", "nobody"} {
				replies <- s.try(fmt.Sprintf("127.%d.%d.9", 1+i/250, i%250), name, "guess")
			}
		})
	}
	for range 20 {
		s.want("127.200.0.1", "anna", "anna", "230")
	}
	all.Wait()
	s.want("127.200.0.1", "anna", "anna", "230")
	took := time.Since(began)
	close(replies)
	for r := range replies {
		if r != "530 Login failed." && !strings.HasPrefix(r, "530") {
			t.Fatalf("a guess was answered with %q", r)
		}
	}
	stats := s.Stats()
	guesses := int(stats.Hashes) - 22
	if most := 2 * (10 + int(took/p.DelayMax)); guesses > most || guesses < 8 {
		t.Errorf("%d of %d guesses were hashed in %v, want %d at most", guesses, 2*addresses, took, most)
	}
	if stats.Banned != 0 || stats.LoginsHeld == 0 || stats.Names != 2 || stats.Addresses > addresses {
		t.Errorf("%+v", stats)
	}
	t.Logf("%d of %d guesses hashed in %v; %+v", guesses, 2*addresses, took, stats)
}

// S-26, S-27, V-17, V-35, V-41: 500 connections of one address at once, each with a
// password: no more are let in than may be, no more hashed than lead to a ban, another address
// logs in meanwhile, and nothing is counted when all have gone.
func TestS26Flood(t *testing.T) {
	p := guard.DefaultPolicy()
	p.HandshakesPerAddress, p.Hashes, p.Failures, p.DelayMax = 50, 1, 5, time.Millisecond
	s := serveGuarded(t, p)
	var all sync.WaitGroup
	for i := range 500 {
		all.Go(func() { s.try("127.0.0.2", fmt.Sprint("name", i), "guess") })
	}
	for i := range 10 {
		s.want(fmt.Sprint("127.0.1.", i+1), "bob", "bob", "230")
	}
	all.Wait()
	for i := range p.Failures { // those that came at once may have been denied unseen
		s.try("127.0.0.2", fmt.Sprint("last", i), "guess")
	}
	s.want("127.0.0.2", "anna", "anna", "421")
	s.Server.Close() // and all sessions
	stats := s.Stats()
	if stats.Hashes > uint64(p.Failures)+10 || stats.Banned != 1 || stats.RefusedBanned+stats.RefusedHandshakes == 0 {
		t.Errorf("%+v", stats)
	}
	if stats.Handshakes != 0 || stats.HashesRunning != 0 || stats.HashesWaiting != 0 {
		t.Errorf("left behind: %+v", stats)
	}
}

// S-21, S-22: over the wire a known and an unknown name differ neither in the text nor
// in what is worked for them.
func TestS22SameWork(t *testing.T) {
	p := guard.DefaultPolicy()
	p.DelayMax = time.Millisecond
	s := serveGuarded(t, p)
	var replies [2][]string
	for i, name := range []string{"anna", "nobody"} {
		for n := range 6 {
			before := s.Stats().Hashes
			replies[i] = append(replies[i], s.try(fmt.Sprintf("127.0.%d.%d", i, n+1), name, "guess"))
			if did := s.Stats().Hashes - before; did != 1 {
				t.Errorf("%s, try %d: %d hashes", name, n, did)
			}
		}
	}
	if fmt.Sprint(replies[0]) != fmt.Sprint(replies[1]) {
		t.Errorf("known %q, unknown %q", replies[0], replies[1])
	}
}

func nets(t *testing.T, list ...string) (out []netip.Prefix) {
	t.Helper()
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// The settings of the guard reach the server, at the start and at a reload, and what it
// knows outlives the process.
func TestGuardSettings(t *testing.T) {
	t.Parallel()
	l := startLive(t, func(c *config.Config) {
		c.Guard.Failures, c.Guard.DelayMax = 2, time.Millisecond
	})
	l.dial()
	for range 2 {
		if _, err := l.dialAs("nobody"); err == nil {
			t.Fatal("nobody logged in")
		}
	}
	if _, err := l.dialAs("anna"); err == nil {
		t.Error("a banned address logged in")
	}
	l.reload(func(c *config.Config) { c.Guard.Allow = nets(t, "127.0.0.0/8") })
	l.dial()
	l.reload(func(c *config.Config) { c.Guard.Allow = nil })
	if _, err := l.dialAs("anna"); err == nil {
		t.Error("a reload has lifted the ban")
	}
	l.stop()
	err := <-l.ended
	l.ended <- err
	kept, err := os.ReadFile(filepath.Join(l.state, "guard.json"))
	if err != nil || !strings.Contains(string(kept), `"127.0.0.1/32"`) || strings.Contains(string(kept), "anna") {
		t.Errorf("%s, %v", kept, err)
	}
}

// S-26: all accounts, of the configuration and kept ones, before and after a reload,
// have one bound of hashes together.
func TestGuardBoundsAllHashes(t *testing.T) {
	var w warden
	if n := len(w.hashing()); n != 1 {
		t.Errorf("%d options without a guard", n)
	}
	p := guard.DefaultPolicy()
	p.Hashes, p.HashesWaiting = 1, 1
	w.open(t.TempDir(), p, slog.New(slog.DiscardHandler), nil)
	t.Cleanup(w.close)
	done, err := w.Turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for range 2 {
		go func() {
			_, err := password.NewChecker(w.hashing()...).Verify(ctx, locked, "x")
			ended <- err
		}()
	}
	if err := <-ended; !errors.Is(err, auth.ErrBusy) { // one may wait, and none can run
		t.Errorf("more than may wait: %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, auth.ErrBusy) {
		t.Errorf("who has left: %v", err)
	}
	done(true)
	w.open("", p, nil, nil) // of the next settings: it is the same one
	if ok, err := password.NewChecker(w.hashing()...).Verify(t.Context(), locked, "x"); ok || err != nil {
		t.Errorf("afterwards: %v, %v", ok, err)
	}
	if s := w.Stats(); s.Hashes != 2 || s.HashesRefused != 1 || s.HashesRunning != 0 {
		t.Errorf("%+v", s)
	}
}
