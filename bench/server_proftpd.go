package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

func proftpd(p *place, _ *options) (product, error) {
	s := newProduct(p, "proftpd", 2)
	s.version = p.fetchedVersion("proftpd-core")
	s.settings = "yescrypt (AuthUserFile); DefaultRoot; a process a session"
	passwords := p.path("proftpd.passwd")
	entry := fmt.Sprintf("%s:%s:%d:%d::%s:/bin/sh\n", user, p.yescrypt, accountID, accountID, p.tree)
	if err := writeConfig(passwords, entry); err != nil {
		return s, err
	}
	s.command = func(plain bool) (*exec.Cmd, error) {
		config := p.path("proftpd.conf")
		text := fmt.Sprintf(`ModulePath %s
LoadModule mod_tls.c
ServerType standalone
ServerName bench
DefaultAddress 127.0.0.1
Port %d
SocketBindTight on
UseIPv6 off
UseReverseDNS off
User %s
Group %s
MaxInstances none
PassivePorts %d %d
AuthUserFile %s
AuthOrder mod_auth_file.c
RequireValidShell off
DefaultRoot ~
AllowOverwrite on
UseLastlog off
WtmpLog off
TransferLog none
SystemLog none
DelayEngine off
TimeoutIdle 900
TimeoutNoTransfer 900
ScoreboardFile %s
PidFile %s
`, filepath.Join(p.fetched, "usr/lib/proftpd"), s.control, account, account, s.from, s.to, passwords,
			p.path("proftpd.scoreboard"), p.path("proftpd.pid"))
		if !plain {
			text += fmt.Sprintf(`TLSEngine on
TLSRequired on
TLSProtocol TLSv1.2 TLSv1.3
TLSECCertificateFile %s
TLSECCertificateKeyFile %s
TLSOptions NoSessionReuseRequired
TLSVerifyClient off
TLSRenegotiate none
TLSLog none
`, p.cert, p.key)
		}
		if err := writeConfig(config, text); err != nil {
			return nil, err
		}
		return exec.Command(filepath.Join(p.fetched, "usr/sbin/proftpd"), "--nodaemon", "--quiet", "--config", config), nil
	}
	return s, nil
}
