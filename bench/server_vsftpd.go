package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// pamService is the name of vsftpd's file in /etc/pam.d, the only one of a run
// that lies outside of its folder: libpam looks nowhere else.
const pamService = "sealane-bench"

func vsftpd(p *place, _ *options) (product, error) {
	s := newProduct(p, "vsftpd", 1)
	s.version = p.fetchedVersion("vsftpd")
	s.settings = "yescrypt by PAM (pam_pwdfile); guest user; chroot; two processes a session"
	s.noMLSD = true
	pam := filepath.Join("/etc/pam.d", pamService)
	passwords, empty := p.path("vsftpd.passwd"), p.path("vsftpd-empty")
	if err := writeConfig(passwords, user+":"+p.yescrypt+"\n"); err != nil {
		return s, err
	}
	if err := os.Mkdir(empty, 0o755); err != nil {
		return s, err
	}
	text := fmt.Sprintf("auth required pam_pwdfile.so pwdfile=%s\naccount required pam_permit.so\nsession required pam_permit.so\n", passwords)
	if err := os.WriteFile(pam, []byte(text), 0o644); err != nil {
		return s, err
	}
	s.cleanup = func() { os.Remove(pam) }
	s.command = func(plain bool) (*exec.Cmd, error) {
		config := p.path("vsftpd.conf")
		text := fmt.Sprintf(`listen=YES
listen_address=127.0.0.1
listen_port=%d
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
guest_enable=YES
guest_username=%s
nopriv_user=%s
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
max_clients=0
max_per_ip=0
idle_session_timeout=900
data_connection_timeout=300
`, s.control, account, account, p.tree, empty, pamService, s.from, s.to)
		if !plain {
			text += fmt.Sprintf(`ssl_enable=YES
rsa_cert_file=%s
rsa_private_key_file=%s
force_local_logins_ssl=YES
force_local_data_ssl=YES
require_ssl_reuse=NO
ssl_ciphers=HIGH
`, p.cert, p.key)
		}
		if err := writeConfig(config, text); err != nil {
			return nil, err
		}
		return exec.Command(filepath.Join(p.fetched, "usr/sbin/vsftpd"), config), nil
	}
	return s, nil
}
