package daemon

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/auth/store/sqlite"
	"github.com/sealane/sealane/internal/config"
)

// peer is a client that says what a test wants.
type peer struct {
	t *testing.T
	line
}

// connect gives a connection with TLS on it and nobody logged in.
func (l *live) connect(t *testing.T) *peer {
	t.Helper()
	p := l.connectClear(t)
	p.want("AUTH TLS", "234")
	secured := tls.Client(p.Conn, &tls.Config{RootCAs: l.roots, ServerName: "127.0.0.1"})
	p.line = line{secured, bufio.NewReader(secured)}
	return p
}

func (l *live) connectClear(t *testing.T) *peer {
	t.Helper()
	tcp, err := net.Dial("tcp", l.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	tcp.SetDeadline(time.Now().Add(time.Minute)) // for tests that hang
	p := &peer{t, line{tcp, bufio.NewReader(tcp)}}
	p.want("", "220")
	return p
}

// say sends a command, none for the greeting, and gives all lines of the reply.
func (p *peer) say(command string) string {
	reply := p.do(command)
	all := reply
	for len(reply) < 4 || reply[3] != ' ' || reply[:3] != all[:3] {
		next, err := p.r.ReadString('\n')
		if err != nil {
			return all
		}
		reply = strings.TrimRight(next, "\r\n")
		all += "\n" + reply
	}
	return all
}

func (p *peer) want(command, prefix string) string {
	p.t.Helper()
	got := p.say(command)
	if !strings.HasPrefix(got, prefix) {
		p.t.Errorf("%.60q: %q, want %s", command, got, prefix)
	}
	return got
}

// cheapHash is of livePassword.
func cheapHash(t *testing.T) string {
	t.Helper()
	hash, err := (password.Params{Memory: 8, Time: 1, Threads: 1}).Hash(livePassword)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// startWithKept starts a server that keeps accounts, and whose guard lets this machine try as
// often as it wants.
func startWithKept(t *testing.T, list ...store.Account) (*live, *sqlite.Store) {
	t.Helper()
	hash := cheapHash(t)
	l := startLive(t, func(c *config.Config) {
		c.Accounts[0].PasswordHash = hash
		c.Guard.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		c.Homes = filepath.Join(c.State, "homes")
	})
	kept, err := sqlite.Open(t.Context(), filepath.Join(l.state, keptFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	if err := errors.Join(
		kept.PutGroup(t.Context(), store.Group{Name: "off", Disabled: true}),
		kept.PutGroup(t.Context(), store.Group{Name: "plain", Settings: store.Settings{ReadOnly: new(true)}}),
	); err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if a.PasswordHash == "" {
			a.PasswordHash = hash
		}
		if err := kept.Add(t.Context(), a); err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
	}
	return l, kept
}

// S-21, S-23, V-29, V-06, V-64: whatever keeps somebody out who knows a password, and however
// strange the name, USER and PASS are answered alike. What an administrator changes counts at
// the next login, also in a session that is open.
func TestRefusalsAreAlike(t *testing.T) {
	t.Parallel()
	l, kept := startWithKept(t,
		store.Account{Name: "kept"}, store.Account{Name: "disabled", Disabled: true}, store.Account{Name: "ingroup", Group: "off"},
		store.Account{Name: "expired", Settings: store.Settings{Expires: new(time.Now().Add(-time.Minute))}},
		store.Account{Name: "elsewhere", Settings: store.Settings{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}},
		store.Account{Name: "nowhere", Settings: store.Settings{Networks: []netip.Prefix{}}},
		store.Account{Name: "certified", Settings: store.Settings{Certificate: new(store.CertificateBoth)}},
		store.Account{Name: "factor", SecondFactor: []byte("12345678901234567890")},
	)
	try := func(name, shown string) string {
		p := l.connect(t)
		return p.say("USER "+name) + "\n" + p.say("PASS "+shown)
	}
	want := try("nobody", livePassword)
	if !strings.HasPrefix(want, "331 ") || !strings.Contains(want, "\n530 ") {
		t.Fatal(want)
	}
	var all sync.WaitGroup
	for _, name := range []string{
		"disabled", "ingroup", "expired", "elsewhere", "nowhere", "certified", "factor",
		"..", "../kept", "kept/..", `..\kept`, "/", "KEPT", "Anna", "anna.", "%s%n", "%username%", "${kept}", "{{.Name}}", "kept'--", "' OR '1'='1",
		`"; DROP TABLE account; --`, "kept%00", "\xc3\x28", "k\u0435pt", strings.Repeat("x", 400), "*", "kept,anna", "-", "0",
	} {
		all.Go(func() {
			if got := try(name, livePassword); got != want {
				t.Errorf("%.40q: %q, want %q", name, got, want)
			}
		})
	}
	for _, name := range []string{"kept", "anna"} {
		for _, shown := range []string{"wrong", strings.ToUpper(livePassword), livePassword + " ", livePassword[:8], "' OR 1=1 --"} {
			all.Go(func() {
				if got := try(name, shown); got != want {
					t.Errorf("%s, %q: %q, want %q", name, shown, got, want)
				}
			})
		}
	}
	all.Wait()

	open := l.connect(t)
	enter := func(p *peer, code string) {
		t.Helper()
		p.want("USER kept", "331")
		p.want("PASS "+livePassword, code)
	}
	enter(open, "230")
	alter := func(change func(*store.Account)) {
		t.Helper()
		if err := kept.Update(t.Context(), "kept", func(a *store.Account) error { change(a); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for i, change := range []func(*store.Account){
		func(a *store.Account) { a.Disabled = true },
		func(a *store.Account) { a.Expires = new(time.Now().Add(-time.Second)) },
		func(a *store.Account) { a.Networks = []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")} },
		func(a *store.Account) { a.Group = "off" },
	} {
		alter(change)
		if i%2 == 0 { // three of them would end the session
			enter(open, "530")
		}
		enter(l.connect(t), "530")
		alter(func(a *store.Account) { a.Disabled, a.Group, a.Settings = false, "", store.Settings{} })
		enter(open, "230")
	}
}

// V-65: nothing that a client sends changes what is kept of its account.
func TestClientsChangeNoAccount(t *testing.T) {
	t.Parallel()
	l, kept := startWithKept(t, store.Account{Name: "kept", Group: "plain"})
	get := func() store.Account {
		a, err := kept.Get(t.Context(), "kept")
		if err != nil {
			t.Fatal(err)
		}
		a.LastLogin = time.Time{}
		a.PasswordHash = "" // the same password, hashed better at a login
		return a
	}
	before := get()
	p := l.connect(t)
	for _, line := range []string{
		"CLNT x; disabled=false; rights=all", "CSID Name=x; Group=; Rules=all;", "OPTS group=", "ACCT root",
		"USER kept", "PASS " + livePassword, "ACCT root", "CLNT {\"read_only\": false}", "SITE UMASK 000", "SITE CHGRP 0 /", "SITE CHMOD 777 /", "SITE IDLE 100",
		"OPTS MLST type;", "MFF UNIX.owner=0;UNIX.group=0; /", "SITE PSWD " + livePassword + " other", "SITE PASSWD other", "SITE USER anna", "SITE ADDUSER x", "MKD /d",
		"USER kept\tgroup=", "USER kept group=", "PASS " + livePassword + "\tgroup=",
	} {
		p.say(line)
	}
	p = l.connect(t)
	p.want("USER kept", "331")
	p.want("PASS "+livePassword, "230")
	p.want("MKD /d", "550") // the group is still its own
	if diff := cmp.Diff(before, get()); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
}

var (
	version  = regexp.MustCompile(`\d+\.\d+`)
	citation = regexp.MustCompile(`§[\d.]+`) // of an RFC, in HELP
)

// S-41: before login nothing tells which version this is, what the machine is called or who
// has an account.
func TestNothingToldBeforeLogin(t *testing.T) {
	t.Parallel()
	l, _ := startWithKept(t, store.Account{Name: "keptname"})
	secrets := []string{runtime.Version(), "anna", "keptname", l.dir, l.state}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		secrets = append(secrets, host)
	}
	if who, err := user.Current(); err == nil && len(who.Username) > 2 {
		secrets = append(secrets, who.Username)
	}
	for _, connect := range []func(*testing.T) *peer{l.connect, l.connectClear} {
		told := connect(t).say("NOOP")
		for _, line := range []string{
			"HELP", "HELP SITE", "SITE HELP", "SYST", "STAT", "STAT /", "FEAT", "CSID Name=x; Version=1;", "CLNT x", "LANG", "AVBL", "REIN", "QUIT",
		} {
			told += "\n" + connect(t).say(line)
		}
		greeting := l.connectClear(t)
		told += "\n" + greeting.say("XYZZY")
		for _, secret := range secrets {
			if strings.Contains(strings.ToLower(told), strings.ToLower(secret)) {
				t.Errorf("it tells %q:\n%s", secret, told)
			}
		}
		if found := version.FindString(citation.ReplaceAllString(told, "")); found != "" {
			t.Errorf("it tells a version, %s:\n%s", found, told)
		}
	}
}

// V-60: no reply tells where on the server something is, or what Go says about it.
func TestErrorsTellNoPaths(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the names below are not possible here")
	}
	t.Parallel()
	l, _ := startWithKept(t)
	if err := errors.Join(
		os.Symlink("/etc", filepath.Join(l.dir, "out")), os.Symlink("..", filepath.Join(l.dir, "up")), os.Symlink("nothing", filepath.Join(l.dir, "dangling")),
		os.Symlink("circle", filepath.Join(l.dir, "circle")), os.Mkdir(filepath.Join(l.dir, "locked"), 0), os.Mkdir(filepath.Join(l.dir, "full"), 0o755),
		os.WriteFile(filepath.Join(l.dir, "full", "f"), nil, 0o644), os.WriteFile(filepath.Join(l.dir, "locked.txt"), nil, 0),
	); err != nil {
		t.Fatal(err)
	}
	names := []string{
		"none", "none/x", "out/passwd", "out", "up", "up/x", "dangling", "circle", "circle/x", "locked/x", "locked", "locked.txt", "full", "full/f/x",
		"/", ".", "..", "../../../etc/passwd", strings.Repeat("n", 300), strings.Repeat("n/", 300), strings.Repeat("/..", 300), "~", "~root", `C:\Windows`, `\\host\share`, "nul\x01l",
	}
	p := l.connect(t)
	p.want("USER anna", "331")
	p.want("PASS "+livePassword, "230")
	for _, verb := range []string{
		"CWD", "MKD", "RMD", "DELE", "RNFR", "SIZE", "MDTM", "MLST", "STAT", "HASH", "RETR", "STOR", "APPE", "LIST", "MFMT 20200102030405", "SITE CHMOD 600",
		"SITE CHGRP none", "SITE UTIME 202001020304", "SITE MKDIR", "SITE COPY full/f", "SITE CPFR",
	} {
		for _, name := range names {
			told := p.say(verb + " " + name)
			if strings.HasPrefix(told, "257") || strings.HasPrefix(told, "250") && verb == "CWD" {
				p.say("CWD /")
			}
			if verb == "RNFR" && strings.HasPrefix(told, "350") {
				told += p.say("RNTO full/f/" + name)
			}
			for _, secret := range []string{l.dir, l.state, "no such file", "file does not exist", "too many levels", "name too long", "permission denied", "errno", "openat", "syscall", "osfs", "layer:", "goroutine", ".go:", "homes"} {
				if strings.Contains(told, secret) {
					t.Errorf("%s %.30q tells %q: %.300q", verb, name, secret, told)
				}
			}
		}
	}
}

// V-62, V-02: a name is itself: nothing in it is expanded, decoded or run, and no file comes
// to lie anywhere but where the name says.
func TestNamesAreNeverExpanded(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("most of the names are not possible here")
	}
	t.Parallel()
	l, _ := startWithKept(t)
	c := l.dial()
	names := []string{
		"%username%", "%u", "%HOME%", "$HOME", "${HOME}", "$(id)", "`id`", "~", "~root", "{{.Name}}", "{{7*7}}", "<%= 1 %>", "<INCLUDE>etc<INCLUDE>",
		"${jndi:ldap:x}", "%2e%2e%2fetc", "%00", "..%5c..", "a;id", "a|id", "a&id", "-rf", "*", "?", "[a-z]", `C:\x`, `\..\x`, "...", " lead", "CON", "a'b", `a"b`,
	}
	for _, name := range names {
		if err := send(c, "/"+name, name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if got, err := fetch(c, "/"+name); err != nil || got != name {
			t.Errorf("%q holds %q, %v", name, got, err)
		}
	}
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
		b, err := os.ReadFile(filepath.Join(l.dir, e.Name()))
		if err != nil || string(b) != e.Name() {
			t.Errorf("%q holds %q, %v", e.Name(), b, err)
		}
	}
	slices.Sort(names)
	slices.Sort(found)
	if diff := cmp.Diff(names, found); diff != "" {
		t.Errorf("(-named +found)\n%s", diff)
	}
	for _, bad := range []string{"~/.ssh/x", "%username%/x", "$HOME/x", fmt.Sprint(filepath.Base(l.state), "/x")} {
		if err := send(c, "/none/"+bad, "x"); err == nil {
			t.Errorf("%s was stored", bad)
		}
	}
}
