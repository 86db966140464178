//go:build interop && linux

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

func startVsftpd(t *testing.T, p *grounds) *exec.Cmd {
	passwords := p.write(t, "passwd", user+":"+p.hash+"\n")
	service := pamOfRival + strconv.Itoa(p.port)
	pam := filepath.Join("/etc/pam.d", service) // libpam looks nowhere else
	text := fmt.Sprintf("auth required pam_pwdfile.so pwdfile=%s\naccount required pam_permit.so\nsession required pam_permit.so\n", passwords)
	if err := os.WriteFile(pam, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(pam) })
	empty := filepath.Join(p.dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	text = fmt.Sprintf(`listen=YES
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
`, p.port, p.tree, empty, service, p.from, p.to)
	if p.tls != nil {
		text += fmt.Sprintf(`ssl_enable=YES
rsa_cert_file=%s
rsa_private_key_file=%s
force_local_logins_ssl=YES
force_local_data_ssl=YES
require_ssl_reuse=YES
ssl_ciphers=HIGH
implicit_ssl=%s
`, p.tls.certificate, p.tls.key, map[bool]string{true: "YES", false: "NO"}[p.tls.implicit])
	}
	return exec.Command(filepath.Join(p.fetched, "usr/sbin/vsftpd"), p.write(t, "conf", text))
}

func startProftpd(t *testing.T, p *grounds) *exec.Cmd {
	passwords := p.write(t, "passwd", fmt.Sprintf("%s:%s:%d:%d::%s:/bin/sh\n", user, p.hash, daemonID, daemonID, p.tree))
	text := fmt.Sprintf(`ModulePath %s
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
`, filepath.Join(p.fetched, "usr/lib/proftpd"), p.port, p.from, p.to, passwords, p.dir, p.dir)
	if p.tls != nil {
		// Session reuse is required by default.
		text += fmt.Sprintf(`LoadModule mod_tls.c
TLSEngine on
TLSRequired on
TLSSessionTickets on
TLSProtocol %s
TLSECCertificateFile %s
TLSECCertificateKeyFile %s
TLSLog none
`, map[string]string{"1.2": "TLSv1.2", "1.3": "TLSv1.2 TLSv1.3"}[p.tls.version], p.tls.certificate, p.tls.key)
	}
	return exec.Command(filepath.Join(p.fetched, "usr/sbin/proftpd"), "--nodaemon", "--quiet", "--config", p.write(t, "conf", text))
}

func startPureftpd(t *testing.T, p *grounds) *exec.Cmd {
	passwords := p.write(t, "passwd", fmt.Sprintf("%s:%s:%d:%d::%s/./::::::::::::\n", user, p.hash, daemonID, daemonID, p.tree))
	database := filepath.Join(p.dir, "pdb")
	run(t, filepath.Join(p.fetched, "usr/bin/pure-pw"), "mkdb", database, "-f", passwords)
	level := "0"
	switch {
	case p.tls != nil && p.tls.lax:
		level = "2" // the client may send files in clear
	case p.tls != nil:
		level = "3"
	}
	cmd := exec.Command(filepath.Join(p.fetched, "usr/sbin/pure-ftpd"), "--bind", "127.0.0.1,"+strconv.Itoa(p.port),
		"--login", "puredb:"+database, "--noanonymous", "--chrooteveryone", "--minuid", "1", "--dontresolve", "--syslogfacility", "none",
		"--passiveportrange", fmt.Sprintf("%d:%d", p.from, p.to), "--pidfile", filepath.Join(p.dir, "pid"), "--tls", level, "--maxclientsperip", "50")
	if p.tls != nil {
		cmd.Args = append(cmd.Args, "--certfile", p.tls.both)
	}
	return cmd
}

func startPyftpdlib(t *testing.T, p *grounds) *exec.Cmd {
	const script = `import logging, sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer
port, first, last, folder, user, password, cert = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_user(user, password, folder, perm="elradfmwMT")
handler = TLS_FTPHandler if cert else FTPHandler
handler.authorizer = authorizer
handler.passive_ports = range(int(first), int(last) + 1)
if cert:
    handler.certfile = cert
    handler.tls_control_required = True
    handler.tls_data_required = True
logging.basicConfig(level=logging.CRITICAL)
FTPServer(("127.0.0.1", int(port)), handler).serve_forever(handle_exit=False)
`
	certificate := ""
	if p.tls != nil {
		certificate = p.tls.both
	}
	cmd := exec.Command("/usr/bin/python3", "-W", "ignore", "-c", script,
		strconv.Itoa(p.port), strconv.Itoa(p.from), strconv.Itoa(p.to), p.tree, user, p.password, certificate)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(p.fetched, "usr/lib/python3/dist-packages"), "PYTHONDONTWRITEBYTECODE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: daemonID, Gid: daemonID}}
	return cmd
}
