//go:build interop

package interop

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/internal/testport"
)

// authority is a running Pebble, Let's Encrypt's test server, with its own DNS.
type authority struct {
	directory  string
	webRoot    string // file: trusted for the directory
	management string // of the DNS server: HOST:PORT
	httpPort   int    // where it looks for challenges
	tlsPort    int
	roots      *x509.CertPool // of the certificates that it gives
	rootFile   string
}

// life is how long its certificates are valid. A third of it is left at renewal.
const life = 24 * time.Second

func pebble(t *testing.T) authority {
	t.Helper()
	bin, err := filepath.Abs(filepath.Join("..", "bin", "interop-acme"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(bin, "pebble")); err != nil {
		if os.Getenv("INTEROP_REQUIRE") == "1" {
			t.Fatalf("Pebble is required here: %v", err)
		}
		t.Skipf("no Pebble: %v; see interop/install.sh", err)
	}
	dir := t.TempDir()
	first := testport.Range(t, 6)
	at := func(n int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(first+n)) }
	a := authority{directory: "https://" + at(0) + "/dir", webRoot: filepath.Join(dir, "web.crt"), management: at(2), httpPort: first + 3, tlsPort: first + 4,
		rootFile: filepath.Join(dir, "root.crt")}
	certPEM, keyPEM, err := certs.SelfSigned(certs.Options{Hosts: []string{"127.0.0.1", "localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": at(0), "managementListenAddress": at(1), "certificate": a.webRoot, "privateKey": filepath.Join(dir, "web.key"),
		"httpPort": a.httpPort, "tlsPort": a.tlsPort, "ocspResponderURL": "", "keyAlgorithm": "ecdsa",
		"retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles":   map[string]any{"default": map[string]any{"description": "short", "validityPeriod": int(life.Seconds())}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"web.crt": certPEM, "web.key": keyPEM, "config": config} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	background(t, filepath.Join(bin, "pebble-challtestsrv"), "-dnsserver", at(5), "-management", a.management,
		"-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv6", "", "-defaultIPv4", "127.0.0.1")
	background(t, filepath.Join(bin, "pebble"), "-config", filepath.Join(dir, "config"), "-dnsserver", at(5), "-strict")
	a.fetchRoot(t, "https://"+at(1)+"/roots/0")
	return a
}

// background runs a program until the end of the test.
func background(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: its error says nothing
		if t.Failed() {
			t.Logf("%s printed:\n%s", program, out.tail(16*kib))
		}
	})
}

// fetchRoot waits for Pebble and gets the root of its certificates, which it makes at
// each start.
func (a *authority) fetchRoot(t *testing.T, url string) {
	t.Helper()
	web := x509.NewCertPool()
	file, err := os.ReadFile(a.webRoot)
	if err != nil || !web.AppendCertsFromPEM(file) {
		t.Fatal("no certificate", err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: web}}, Timeout: 10 * time.Second}
	var response *http.Response
	eventually(t, "Pebble listens", func() bool {
		response, err = client.Get(url)
		return err == nil
	})
	defer response.Body.Close()
	pem, err := io.ReadAll(response.Body)
	a.roots = x509.NewCertPool()
	if err != nil || !a.roots.AppendCertsFromPEM(pem) {
		t.Fatalf("no root from Pebble: %v, %q", err, pem)
	}
	if err := os.WriteFile(a.rootFile, pem, 0o600); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for something that another program does, and gives up late.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	late := time.After(2 * time.Minute)
	for !done() {
		select {
		case <-late:
			t.Fatalf("%s: not within two minutes", what)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// serveACME starts a server that gets its certificate from the authority.
func (a authority) serveACME(t *testing.T, name, settings string) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sealane.toml")
	text := fmt.Sprintf("[tls.acme]\nnames = [%q]\nagree = true\nemail = \"admin@sealane.test\"\ndirectory = %q\nroots = %q\nhttp_port = %d\ntls_port = %d\ncheck_every = \"1s\"\n%s\n",
		name, a.directory, a.webRoot, a.httpPort, a.tlsPort, settings)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return serve(t, "--config", file)
}

// leaf is the certificate that the server shows, if the authority has signed it for
// the name.
func (a authority) leaf(s *server, name string) (*x509.Certificate, error) {
	address := net.JoinHostPort(s.host, strconv.Itoa(s.implicit))
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: a.roots, ServerName: name})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

// Certificates from a real ACME server, by each challenge; a renewal in the middle of
// transfers, of which none fails; and a key that changes with it, or stays if that is
// wanted.
func TestACME(t *testing.T) {
	a := pebble(t)
	hook, err := filepath.Abs("testdata/acme_hook.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, shown, settings string
		renew, sameKey        bool
	}{
		{"a.sealane.test", "a.sealane.test", `challenges = ["http-01"]`, true, false},
		{"b.sealane.test", "b.sealane.test", "challenges = [\"tls-alpn-01\"]\nkeep_key = true", true, true},
		{"*.sealane.test", "c.sealane.test", fmt.Sprintf("challenges = [\"dns-01\"]\nhook = [%q, %q]", hook, a.management), false, false},
	} {
		t.Run(tc.settings[len("challenges = "):], func(t *testing.T) {
			s := a.serveACME(t, tc.name, tc.settings)
			var first *x509.Certificate
			eventually(t, "the first certificate", func() (got bool) {
				first, err = a.leaf(s, tc.shown)
				return err == nil
			})
			if !tc.renew {
				return
			}
			transfers := a.transfersDuring(t, s, tc.shown, func() {
				eventually(t, "the renewal", func() bool {
					now, err := a.leaf(s, tc.shown)
					if err != nil {
						t.Error(err)
						return true
					}
					if now.Equal(first) {
						return false
					}
					if same := bytes.Equal(now.RawSubjectPublicKeyInfo, first.RawSubjectPublicKeyInfo); same != tc.sameKey {
						t.Errorf("the key stayed the same: %t, want %t", same, tc.sameKey)
					}
					return true
				})
			})
			t.Logf("%d transfers during a renewal", transfers)
		})
	}
}

// transfersDuring uploads by curl, which checks certificate and name, until wait
// returns. Not one may fail.
func (a authority) transfersDuring(t *testing.T, s *server, name string, wait func()) int64 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	sample(t, file, 64*kib)
	var done atomic.Bool
	var count atomic.Int64
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() {
			for !done.Load() {
				port := strconv.Itoa(s.explicit)
				_, err := command(t, time.Minute, nil, "", "curl", "-sS", "--ssl-reqd", "--cacert", a.rootFile, "--resolve", name+":"+port+":"+s.host,
					"-u", user+":"+s.password, "-T", file, "ftp://"+name+":"+port+"/"+strconv.Itoa(i))
				if err != nil {
					t.Errorf("transfer: %v", errors.Unwrap(err))
					return
				}
				count.Add(1)
			}
		})
	}
	wait()
	done.Store(true)
	all.Wait()
	return count.Load()
}
