package daemon

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/auth/store/sqlite"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/testport"
)

// entrance is a way to the server: a listener, and perhaps a proxy before it.
type entrance struct {
	name     string
	live     *live
	addr     string
	implicit bool
	header   string // of the proxy
	version  uint16 // of TLS, at most
}

// come connects and, where it is not clear, changes to TLS.
func (e entrance) come(t *testing.T, clear bool) *peer {
	t.Helper()
	tcp, err := net.Dial("tcp", e.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	tcp.SetDeadline(time.Now().Add(time.Minute)) // for tests that hang
	if _, err := io.WriteString(tcp, e.header); err != nil {
		t.Fatal(err)
	}
	p := &peer{t, line{tcp, bufio.NewReader(tcp)}}
	secure := func() {
		conn := tls.Client(tcp, &tls.Config{RootCAs: e.live.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS10, MaxVersion: e.version})
		p.line = line{conn, bufio.NewReader(conn)}
	}
	switch {
	case e.implicit:
		secure()
		p.want("", "220")
	case clear:
		p.want("", "220")
	default:
		p.want("", "220")
		p.want("AUTH TLS", "234")
		secure()
	}
	return p
}

// entrances are all listeners of one server, and those of another behind a proxy that says
// that the client is elsewhere.
func entrances(t *testing.T) (all []entrance, stores []*sqlite.Store) {
	t.Helper()
	hash := cheapHash(t)
	const client = "203.0.113.9"
	v2 := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x09\x7f\x00\x00\x01\xc3\x50\x00\x15"
	for _, behind := range []bool{false, true} {
		ports := testport.Range(t, 2)
		l := startLive(t, func(c *config.Config) {
			c.Accounts[0].PasswordHash = hash
			c.Homes = filepath.Join(c.State, "homes")
			c.Listen.Implicit = config.Listen{Set: true, Host: "127.0.0.1", Port: uint16(ports)}
			c.Listen.Legacy = config.Listen{Set: true, Host: "127.0.0.1", Port: uint16(ports + 1)}
			c.Guard.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix(client + "/32")}
			if behind {
				c.Proxy.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			}
		})
		kept, err := sqlite.Open(t.Context(), filepath.Join(l.state, keptFile))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { kept.Close() })
		stores = append(stores, kept)
		at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
		ways := []entrance{
			{"explicit", l, l.addr, false, "", tls.VersionTLS13},
			{"implicit", l, at(ports), true, "", tls.VersionTLS13},
			{"legacy", l, at(ports + 1), false, "", tls.VersionTLS11},
		}
		for i, way := range ways {
			if behind {
				way.name += " behind a proxy"
				way.header = fmt.Sprintf("PROXY TCP4 %s 127.0.0.1 50000 21\r\n", client)
				if i == 1 {
					way.header = v2
				}
			}
			all = append(all, way)
		}
	}
	return all, stores
}

// V-64, S-23: whatever listener somebody comes by, explicit, implicit or for old devices,
// and whether or not through a proxy, what he gives is judged in one place: the same is let
// in, the same is refused in the same words, and before the login nothing is done.
func TestV64OneEntryForAllListeners(t *testing.T) {
	t.Parallel()
	all, stores := entrances(t)
	hash := cheapHash(t)
	network := func(s string) store.Settings {
		return store.Settings{Networks: []netip.Prefix{netip.MustParsePrefix(s)}}
	}
	for _, kept := range stores {
		if err := kept.PutGroup(t.Context(), store.Group{Name: "off", Disabled: true}); err != nil {
			t.Fatal(err)
		}
		for _, a := range []store.Account{
			{Name: "kept"}, {Name: "disabled", Disabled: true}, {Name: "ingroup", Group: "off"},
			{Name: "expired", Settings: store.Settings{Expires: new(time.Now().Add(-time.Minute))}},
			{Name: "nowhere", Settings: store.Settings{Networks: []netip.Prefix{}}},
			{Name: "certified", Settings: store.Settings{Certificate: new(store.CertificateBoth)}},
			{Name: "factor", SecondFactor: []byte("12345678901234567890")},
			{Name: "near", Settings: network("127.0.0.0/8")}, {Name: "far", Settings: network("203.0.113.0/24")},
		} {
			a.PasswordHash = hash
			if err := kept.Add(t.Context(), a); err != nil {
				t.Fatalf("%+v: %v", a, err)
			}
		}
	}
	login := func(name, shown string) []string { return []string{"USER " + name, "PASS " + shown} }
	const in, out = "331 230", "331 530"
	rows := []struct {
		name     string
		commands []string
		codes    string // one for each command
		behind   string // where that is another behind the proxy
		clear    bool   // without TLS, where that is possible
	}{
		{"right", login("anna", livePassword), in, "", false},
		{"right, kept", login("kept", livePassword), in, "", false},
		{"wrong", login("anna", "wrong"), out, "", false},
		{"wrong, kept", login("kept", "wrong"), out, "", false},
		{"empty", login("anna", ""), out, "", false},
		{"unknown", login("nobody", livePassword), out, "", false},
		{"disabled", login("disabled", livePassword), out, "", false},
		{"group", login("ingroup", livePassword), out, "", false},
		{"expired", login("expired", livePassword), out, "", false},
		{"nowhere", login("nowhere", livePassword), out, "", false},
		{"certificate", login("certified", livePassword), out, "", false},
		{"second factor", login("factor", livePassword), out, "", false},
		{"its network", login("near", livePassword), in, out, false},
		{"network of the client", login("far", livePassword), out, in, false},
		{"another case", login("ANNA", livePassword), out, "", false},
		{"a path", login("../kept", livePassword), out, "", false},
		{"a variable", login("%username%", livePassword), out, "", false},
		{"a quote", login("kept'--", livePassword), out, "", false},
		{"no UTF-8", login("\xc3\x28", livePassword), out, "", false},
		{"long", login(strings.Repeat("x", 400), livePassword), out, "", false},
		{"NUL", []string{"USER anna\x00", "PASS " + livePassword}, "501 503", "", false},
		{"no USER", []string{"PASS " + livePassword}, "503", "", false},
		{"no login", []string{"PWD", "LIST", "RETR /f", "STOR /f", "EPSV", "SITE CHMOD 777 /", "ACCT root"}, "530 530 530 530 530 530 530", "", false},
		{"USER is no login", []string{"USER anna", "PWD", "RETR /f", "DELE /f"}, "331 530 530 530", "", false},
		{"no TLS", []string{"USER anna", "PASS " + livePassword, "PWD", "RETR /f"}, "530 530 530 530", "", true},
		{"a line without end", []string{"USER " + strings.Repeat("x", 70_000)}, "500", "", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			replies := make([][]string, len(all))
			var waiting sync.WaitGroup
			for i, way := range all {
				if row.clear && way.implicit {
					continue // there is nothing in clear
				}
				p := way.come(t, row.clear)
				waiting.Go(func() {
					for _, command := range row.commands {
						replies[i] = append(replies[i], p.say(command))
					}
				})
			}
			waiting.Wait()
			for i, way := range all {
				if replies[i] == nil {
					continue
				}
				var codes []string
				for _, reply := range replies[i] {
					codes = append(codes, reply[:min(len(reply), 3)])
				}
				want, like := row.codes, 0
				if row.behind != "" && way.header != "" {
					want, like = row.behind, len(all)/2
				}
				if got := strings.Join(codes, " "); got != want {
					t.Errorf("%s: %s, want %s", way.name, got, want)
				}
				if !slices.Equal(replies[i], replies[like]) {
					t.Errorf("%s says %q, %s %q", way.name, replies[i], all[like].name, replies[like])
				}
			}
		})
	}
	t.Cleanup(func() { // when all rows have ended
		for _, way := range all {
			if list, err := os.ReadDir(way.live.dir); err != nil || len(list) > 0 {
				t.Errorf("%s: what was refused has left %v, %v", way.name, list, err)
			}
		}
	})
}

// V-64: behind a proxy there is no way in without its header, whichever listener it is; and
// who is no proxy is believed no header.
func TestV64NoWayRoundTheProxy(t *testing.T) {
	t.Parallel()
	all, _ := entrances(t)
	for _, way := range all {
		tcp, err := net.Dial("tcp", way.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer tcp.Close()
		tcp.SetDeadline(time.Now().Add(time.Minute)) // for tests that hang
		said := "USER anna\r\n"
		if way.header == "" {
			said = "PROXY TCP4 203.0.113.9 127.0.0.1 50000 21\r\n"
		}
		// To a listener with implicit TLS neither is a ClientHello.
		// The server may have ended the connection by the time that something goes out.
		_, _ = io.WriteString(tcp, said)
		_ = tcp.(*net.TCPConn).CloseWrite()
		got, err := io.ReadAll(io.LimitReader(tcp, 4096))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: it is not ended; it says %q", way.name, got)
		}
		greeted, refused := strings.Contains(string(got), "220 "), strings.Contains(string(got), "\r\n500 ")
		if want := way.header == "" && !way.implicit; greeted != want || refused != want {
			t.Errorf("%s: %q", way.name, got)
		}
	}
}
