//go:build interop && linux

package interop

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealane/sealane/internal/testport"
)

// A rival is another FTP server, unpacked by bench/install.sh, in its own settings
// but for what lets the same account log in and write, and for TLS.
type rival struct {
	name  string
	start func(t *testing.T, p *grounds) *exec.Cmd
}

// grounds is what a peer is given.
type grounds struct {
	fetched, dir, tree string
	port, from, to     int
	password, hash     string      // the latter of crypt(3)
	tls                *protection // nil: none
}

// protection is how a peer speaks TLS: on both connections, or not at all.
type protection struct {
	version  string // the highest that it speaks: "1.2" or "1.3"
	implicit bool
	// lax leaves the protection of data connections to the client, where the peer can.
	lax bool

	certificate, key, both string // files; the last is the key and then the certificate
}

func (p *protection) String() string {
	s := "explicit/TLS" + p.version
	if p.implicit {
		s = "implicit/TLS" + p.version
	}
	if p.lax {
		s += "/lax"
	}
	return s
}

const (
	// daemonID is the account "daemon" of the system as which the peers touch files. It is in
	// every Debian, and unlike that of nobody its home exists, which vsftpd wants.
	daemonID   = 1
	pamOfRival = "sealane-interop-"
	// dataPortsOfRival are enough for 20 transfers at a time: Pure-FTPd lets half as
	// many sessions in as it has data ports.
	dataPortsOfRival = 60
	// fetchedServers is where bench/install.sh unpacks them.
	fetchedServers = "../bin/bench-servers"
)

func rivals() []rival {
	return []rival{{"vsftpd", startVsftpd}, {"proftpd", startProftpd}, {"pure-ftpd", startPureftpd}, {"pyftpdlib", startPyftpdlib}}
}

// needRivals skips the test if the peers cannot be run, or fails it where they have to.
// It gives the folder that they are in.
func needRivals(t *testing.T) (fetched string) {
	t.Helper()
	fetched, err := filepath.Abs(fetchedServers)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(fetched, "complete")); err != nil || os.Getuid() != 0 {
		const missing = "the other servers are not there: run bench/install.sh bin/bench-servers, and this, as root"
		if os.Getenv("INTEROP_REQUIRE") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	return fetched
}

// startRival starts one without TLS.
func startRival(t *testing.T, p rival) listening {
	t.Helper()
	at := startProtected(t, p, nil)
	return listening{at.address(), at.tree, at.password}
}

func (p *grounds) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)) }

// startProtected starts one, with TLS unless how is nil. It returns when it listens.
func startProtected(t *testing.T, p rival, how *protection) *grounds {
	t.Helper()
	fetched := needRivals(t)
	dir, err := os.MkdirTemp("", "sealane-peer-") // not TempDir: daemon must get in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	first := testport.Range(t, 1+dataPortsOfRival)
	at := &grounds{fetched: fetched, dir: dir, tree: filepath.Join(dir, "tree"), port: first, from: first + 1, to: first + dataPortsOfRival, password: "differential"}
	if err := os.Mkdir(at.tree, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(at.tree, daemonID, daemonID); err != nil {
		t.Fatal(err)
	}
	at.hash = strings.TrimSpace(run(t, "openssl", "passwd", "-6", at.password))
	if how != nil {
		at.protect(t, *how)
	}
	cmd := p.start(t, at)
	if how != nil && how.version == "1.2" {
		if cmd.Env == nil {
			cmd.Env = os.Environ()
		}
		settings := at.write(t, "openssl.cnf", onlyTLS12)
		if err := os.Chmod(settings, 0o644); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "OPENSSL_CONF="+settings)
	}
	out := new(output)
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
		_ = cmd.Wait()
	})
	late := time.After(time.Minute)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		c, err := net.Dial("tcp", at.address())
		if err == nil {
			c.Close()
			return at
		}
		select {
		case <-late:
			t.Fatalf("%s does not listen: %v; it said:\n%s", p.name, err, out)
		case <-again.C:
		}
	}
}

// fetchedVersions are the packages that the other servers were unpacked from.
func fetchedVersions() string {
	versions, err := os.ReadFile(filepath.Join(fetchedServers, "complete"))
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(strings.TrimSpace(string(versions)), "\n", ", ")
}

func (p *grounds) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// onlyTLS12 has OpenSSL speak no more than TLS 1.2: not every peer can be told by its
// own settings.
const onlyTLS12 = `openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = limits
[limits]
MinProtocol = TLSv1.2
MaxProtocol = TLSv1.2
`

// protect makes the files that a protected peer needs.
func (p *grounds) protect(t *testing.T, how protection) {
	t.Helper()
	how.certificate, how.key, how.both = filepath.Join(p.dir, "cert.pem"), filepath.Join(p.dir, "key.pem"), filepath.Join(p.dir, "both.pem")
	run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=peer",
		"-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.0.2", "-keyout", how.key, "-out", how.certificate)
	var both []byte
	for _, name := range []string{how.key, how.certificate} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, b...)
	}
	p.write(t, "both.pem", string(both))
	if err := os.Chown(how.both, daemonID, daemonID); err != nil { // not every peer reads it as root
		t.Fatal(err)
	}
	if err := os.Chmod(how.certificate, 0o644); err != nil {
		t.Fatal(err)
	}
	p.tls = &how
}
