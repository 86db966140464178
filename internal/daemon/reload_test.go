package daemon

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/config"
)

// hang is a signal to a process that this test only pretends to be.
type hang struct{}

func (hang) String() string { return "hang up" }
func (hang) Signal()        {}

// live is a server that runs for a test, whose settings the test changes.
type live struct {
	t     *testing.T
	dir   string // what is served
	state string
	roots *x509.CertPool
	again chan os.Signal
	lines chan string // of the log
	stop  context.CancelFunc
	ended chan error

	mu     sync.Mutex
	config config.Config
	wrong  error // of reading the settings
	addr   string
}

const livePassword = "a long enough one"

var greeted = regexp.MustCompile(`ftpes://(\S+)`)

func startLive(t *testing.T, change func(*config.Config)) *live {
	t.Helper()
	hash, err := password.Hash(livePassword)
	if err != nil {
		t.Fatal(err)
	}
	l := &live{
		t: t, dir: t.TempDir(), state: t.TempDir(), roots: x509.NewCertPool(),
		again: make(chan os.Signal), lines: make(chan string, 10_000), ended: make(chan error, 1),
	}
	c := config.Default()
	c.Dir, c.State = l.dir, l.state
	c.Listen.Explicit = config.Listen{Set: true, Host: "127.0.0.1"}
	c.Listen.Implicit = config.Listen{Set: true, Off: true}
	c.Data.Mode, c.Data.Ports = config.ModeExclusive, config.PortRange{From: 20000, To: 29999}
	c.Accounts = []config.Account{{Name: "anna", PasswordHash: hash}}
	if change != nil {
		change(&c)
	}
	l.config = c
	l.config.Accounts = slices.Clone(c.Accounts) // c is the server's
	outRead, out := io.Pipe()
	logRead, log := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	go func() {
		err := Run(ctx, c, Process{Settings: l.settings, Out: out, Log: log, Again: l.again})
		out.CloseWithError(fmt.Errorf("ended: %w", errors.Join(err, io.ErrUnexpectedEOF)))
		log.Close()
		l.ended <- err
	}()
	go func() {
		defer close(l.lines)
		for s := bufio.NewScanner(logRead); s.Scan(); {
			l.lines <- s.Text()
		}
	}()
	t.Cleanup(l.close)
	for r := bufio.NewReader(outRead); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if m := greeted.FindStringSubmatch(line); m != nil && l.addr == "" {
			l.addr = m[1]
		}
		if strings.HasPrefix(line, "Ready.") {
			go io.Copy(io.Discard, r)
			break
		}
	}
	pem, err := os.ReadFile(filepath.Join(l.state, certs.CertFile))
	if err != nil || !l.roots.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}
	return l
}

func (l *live) close() {
	l.stop()
	go func() {
		for range l.lines {
		}
	}()
	if err := <-l.ended; err != nil {
		l.t.Errorf("the server ended with %v", err)
	}
	l.ended <- nil
}

func (l *live) settings() (config.Config, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrong != nil {
		return config.Config{}, l.wrong
	}
	c := l.config
	c.Accounts = slices.Clone(c.Accounts) // as if read from a file
	return c, nil
}

// reload asks for one after a change of the settings, and gives the line of the log that
// says what became of it.
func (l *live) reload(change func(*config.Config)) string {
	l.t.Helper()
	l.mu.Lock()
	if change != nil {
		change(&l.config)
	}
	l.mu.Unlock()
	l.again <- hang{}
	for line := range l.lines {
		if strings.Contains(line, "settings") {
			return line
		}
	}
	l.t.Fatal("the server has ended")
	return ""
}

func (l *live) dialAs(user string) (*ftpclient.Client, error) {
	u, err := ftp.ParseURL("ftpes://" + user + "@" + l.addr + "/")
	if err != nil {
		return nil, err
	}
	u.Password = livePassword
	return ftpclient.Dial(context.Background(), u, ftpclient.Options{RootCAs: l.roots})
}

func (l *live) dial() *ftpclient.Client {
	l.t.Helper()
	c, err := l.dialAs("anna")
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { c.Close() })
	return c
}

func send(c *ftpclient.Client, name, content string) error {
	_, err := c.Store(context.Background(), name, 0, strings.NewReader(content))
	return err
}

func fetch(c *ftpclient.Client, name string) (string, error) {
	var b bytes.Buffer
	_, err := c.Retrieve(context.Background(), name, 0, &b)
	return b.String(), err
}

// Everything can change while the server runs; sessions that run keep what they have.
func TestReload(t *testing.T) {
	t.Parallel()
	l := startLive(t, nil)
	before := l.dial()
	if err := send(before, "/a", "one"); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	line := l.reload(func(c *config.Config) {
		c.Accounts = append(c.Accounts, config.Account{Name: "bert", PasswordHash: c.Accounts[0].PasswordHash})
		c.Dir = other
		c.Verbs.Off = []string{"MKD"}
	})
	if !strings.Contains(line, "settings read again") {
		t.Fatal(line)
	}
	after := l.dial()
	if _, err := fetch(after, "/a"); err == nil {
		t.Error("a new session sees the folder of before")
	}
	if err := after.Mkdir(t.Context(), "/d"); err == nil {
		t.Error("MKD is not off")
	}
	if got, err := fetch(before, "/a"); got != "one" || err != nil {
		t.Errorf("the session of before: %q, %v", got, err)
	}
	if err := before.Mkdir(t.Context(), "/d"); err != nil {
		t.Errorf("the session of before: %v", err)
	}
	if _, err := l.dialAs("bert"); err != nil {
		t.Errorf("the new account: %v", err)
	}
	l.reload(func(c *config.Config) { c.Accounts = c.Accounts[1:] })
	if _, err := l.dialAs("anna"); err == nil {
		t.Error("an account that is declared no more logs in")
	}
	if _, err := fetch(before, "/a"); err != nil {
		t.Errorf("the session of before: %v", err)
	}
}

// F-12, S-15: settings with a mistake change nothing, and the log says what to do.
func TestReloadRefused(t *testing.T) {
	t.Parallel()
	l := startLive(t, nil)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("-----BEGIN CERTIFICATE-----\nAAAA"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := l.config
	for name, change := range map[string]func(*config.Config){
		"certificate": func(c *config.Config) { c.TLS.Cert, c.TLS.Key = bad, bad },
		"folder":      func(c *config.Config) { c.Dir = filepath.Join(l.dir, "none") },
		"state":       func(c *config.Config) { c.State = t.TempDir() },
		"port": func(c *config.Config) {
			c.Listen.Implicit = config.Listen{Set: true, Host: "127.0.0.1", Port: uint16(taken.Addr().(*net.TCPAddr).Port)}
		},
		"no accounts": func(c *config.Config) { c.Accounts = nil },
		"data ports":  func(c *config.Config) { c.Data.Ports.To-- },
		"account":     func(c *config.Config) { c.Accounts = []config.Account{{Name: "x", PasswordHash: "nonsense"}} },
		"account root": func(c *config.Config) {
			c.Accounts = slices.Clone(c.Accounts)
			c.Accounts[0].Storage.Dir = filepath.Join(l.dir, "none")
		},
	} {
		line := l.reload(change)
		if !strings.Contains(line, "those before stay") || !strings.Contains(line, "hint=") || strings.Contains(line, `hint=""`) {
			t.Errorf("%s: %s", name, line)
		}
		if err := send(l.dial(), "/"+name, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		l.mu.Lock()
		l.config = good
		l.mu.Unlock()
	}
	l.wrong = errors.New("line 3: no such key")
	if line := l.reload(nil); !strings.Contains(line, "line 3: no such key") || !strings.Contains(line, "refused=9") {
		t.Error(line)
	}
	l.wrong = nil
	if line := l.reload(nil); !strings.Contains(line, "settings read again") {
		t.Error(line)
	}
	if names, err := filepath.Glob(filepath.Join(l.dir, "*")); err != nil || len(names) != 8 {
		t.Errorf("%q, %v", names, err)
	}
}

// F-12: 1000 reloads while clients come, move files and go lose nothing; what an account
// has stored is counted once, by whatever settings its sessions began.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	rounds := 1000
	if testing.Short() {
		rounds = 50
	}
	l := startLive(t, func(c *config.Config) {
		c.Accounts[0].Storage.QuotaFiles = 5
		c.Limits.SessionsPerAddress = 9
	})
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 4 {
		clients.Go(func() {
			name, body := fmt.Sprintf("/f%d", n), strings.Repeat("x", 20_000+n)
			for {
				select {
				case <-stop:
					return
				default:
				}
				c, err := l.dialAs("anna")
				if err != nil {
					t.Error(err)
					return
				}
				err = send(c, name, body)
				got, fetchErr := fetch(c, name)
				if err = errors.Join(err, fetchErr, c.Quit(context.Background())); err != nil || got != body {
					t.Errorf("%s: %d bytes, %v", name, len(got), err)
				}
				c.Close()
			}
		})
	}
	for i := range rounds {
		if line := l.reload(func(c *config.Config) { c.Limits.Sessions = 100 + i%7 }); !strings.Contains(line, "settings read again") {
			t.Fatal(line)
		}
	}
	close(stop)
	clients.Wait()
	c := l.dial()
	if err := send(c, "/fifth", ""); err != nil {
		t.Errorf("the fifth file: %v", err)
	}
	if err := send(c, "/sixth", ""); err == nil {
		t.Error("a sixth file is over the quota")
	}
}

// V-06: an account that is declared no more, or has another password, logs in nowhere: also
// not on a connection that came before the change. One that has stayed as it was does.
func TestReloadEndsOldPasswords(t *testing.T) {
	t.Parallel()
	l := startLive(t, func(c *config.Config) {
		c.Accounts = append(c.Accounts, config.Account{Name: "bert", PasswordHash: c.Accounts[0].PasswordHash})
	})
	user := func(name string) *line {
		t.Helper()
		tcp, err := net.Dial("tcp", l.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tcp.Close() })
		c := &line{tcp, bufio.NewReader(tcp)}
		c.do("")
		c.do("AUTH TLS")
		secured := tls.Client(tcp, &tls.Config{RootCAs: l.roots, ServerName: "127.0.0.1"})
		c = &line{secured, bufio.NewReader(secured)}
		if got := c.do("USER " + name); !strings.HasPrefix(got, "331") {
			t.Fatal(got)
		}
		return c
	}
	anna, bert := user("anna"), user("bert")
	l.reload(func(c *config.Config) {
		c.Accounts = slices.Clone(c.Accounts)
		c.Accounts[0].Name = "carl"
	})
	if got := anna.do("PASS " + livePassword); !strings.HasPrefix(got, "530") {
		t.Errorf("an account that has gone: %s", got)
	}
	if got := bert.do("PASS " + livePassword); !strings.HasPrefix(got, "230") {
		t.Errorf("an account that has stayed: %s", got)
	}
}
