//go:build interop && linux

package interop

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A rival is another FTP server, unpacked by bench/install.sh, in its own settings
// but for what lets the same account log in and write.
type rival struct {
	name  string
	start func(t *testing.T, p *grounds) *exec.Cmd
}

// grounds is what a peer is given.
type grounds struct {
	fetched, dir, tree string
	port, from, to     int
	password, hash     string // the latter of crypt(3)
}

const (
	// daemonID is the account "daemon" of the system as which the peers touch files. It is in
	// every Debian, and unlike that of nobody its home exists, which vsftpd wants.
	daemonID   = 1
	pamOfRival = "sealane-interop"
	// fetchedServers is where bench/install.sh unpacks them.
	fetchedServers = "../bin/bench-servers"
)

func rivals() []rival {
	return []rival{{"vsftpd", startVsftpd}, {"proftpd", startProftpd}, {"pure-ftpd", startPureftpd}, {"pyftpdlib", startPyftpdlib}}
}

// startRival starts one; it skips where the peer cannot be run.
func startRival(t *testing.T, p rival) listening {
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
	dir, err := os.MkdirTemp("", "sealane-peer-") // not TempDir: daemon must get in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	first := freePorts(t, 21)
	at := &grounds{fetched: fetched, dir: dir, tree: filepath.Join(dir, "tree"), port: first, from: first + 1, to: first + 20, password: "differential"}
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
	cmd := p.start(t, at)
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
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(at.port))
	late := time.After(10 * time.Second)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return listening{address, at.tree, at.password}
		}
		select {
		case <-late:
			t.Fatalf("%s does not listen: %v; it said:\n%s", p.name, err, out)
		case <-again.C:
		}
	}
}

func (p *grounds) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func startVsftpd(t *testing.T, p *grounds) *exec.Cmd {
	passwords := p.write(t, "passwd", user+":"+p.hash+"\n")
	pam := filepath.Join("/etc/pam.d", pamOfRival) // libpam looks nowhere else
	text := fmt.Sprintf("auth required pam_pwdfile.so pwdfile=%s\naccount required pam_permit.so\nsession required pam_permit.so\n", passwords)
	if err := os.WriteFile(pam, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(pam) })
	empty := filepath.Join(p.dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	return exec.Command(filepath.Join(p.fetched, "usr/sbin/vsftpd"), p.write(t, "conf", fmt.Sprintf(`listen=YES
listen_address=127.0.0.1
listen_port=%d
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
guest_enable=YES
guest_username=daemon
nopriv_user=daemon
virtual_use_local_privs=YES
local_root=%s
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir=%s
pam_service_name=%s
pasv_min_port=%d
pasv_max_port=%d
connect_from_port_20=NO
xferlog_enable=NO
ascii_upload_enable=YES
ascii_download_enable=YES
`, p.port, p.tree, empty, pamOfRival, p.from, p.to)))
}

func startProftpd(t *testing.T, p *grounds) *exec.Cmd {
	passwords := p.write(t, "passwd", fmt.Sprintf("%s:%s:%d:%d::%s:/bin/sh\n", user, p.hash, daemonID, daemonID, p.tree))
	return exec.Command(filepath.Join(p.fetched, "usr/sbin/proftpd"), "--nodaemon", "--quiet", "--config", p.write(t, "conf", fmt.Sprintf(`ModulePath %s
ServerType standalone
ServerName interop
DefaultAddress 127.0.0.1
Port %d
SocketBindTight on
UseIPv6 off
UseReverseDNS off
User daemon
Group daemon
PassivePorts %d %d
AuthUserFile %s
AuthOrder mod_auth_file.c
RequireValidShell off
DefaultRoot ~
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
UseLastlog off
WtmpLog off
TransferLog none
SystemLog none
DelayEngine off
ScoreboardFile %s/scoreboard
PidFile %s/pid
`, filepath.Join(p.fetched, "usr/lib/proftpd"), p.port, p.from, p.to, passwords, p.dir, p.dir)))
}

func startPureftpd(t *testing.T, p *grounds) *exec.Cmd {
	passwords := p.write(t, "passwd", fmt.Sprintf("%s:%s:%d:%d::%s/./::::::::::::\n", user, p.hash, daemonID, daemonID, p.tree))
	database := filepath.Join(p.dir, "pdb")
	run(t, filepath.Join(p.fetched, "usr/bin/pure-pw"), "mkdb", database, "-f", passwords)
	return exec.Command(filepath.Join(p.fetched, "usr/sbin/pure-ftpd"), "--bind", "127.0.0.1,"+strconv.Itoa(p.port),
		"--login", "puredb:"+database, "--noanonymous", "--chrooteveryone", "--minuid", "1", "--dontresolve", "--syslogfacility", "none",
		"--passiveportrange", fmt.Sprintf("%d:%d", p.from, p.to), "--pidfile", filepath.Join(p.dir, "pid"), "--tls", "0")
}

func startPyftpdlib(t *testing.T, p *grounds) *exec.Cmd {
	const script = `import logging, sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
port, first, last, folder, user, password = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_user(user, password, folder, perm="elradfmwMT")
FTPHandler.authorizer = authorizer
FTPHandler.passive_ports = range(int(first), int(last) + 1)
logging.basicConfig(level=logging.CRITICAL)
FTPServer(("127.0.0.1", int(port)), FTPHandler).serve_forever(handle_exit=False)
`
	cmd := exec.Command("/usr/bin/python3", "-W", "ignore", "-c", script,
		strconv.Itoa(p.port), strconv.Itoa(p.from), strconv.Itoa(p.to), p.tree, user, p.password)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(p.fetched, "usr/lib/python3/dist-packages"), "PYTHONDONTWRITEBYTECODE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: daemonID, Gid: daemonID}}
	return cmd
}
