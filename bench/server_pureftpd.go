package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
)

// belowEphemeral is the last port that Linux does not give to outgoing
// connections.
const belowEphemeral = 32767

func pureftpd(p *place, o *options) (product, error) {
	s := newProduct(p, "pure-ftpd", 4)
	// It allows half as many sessions as it has data ports, whatever
	// --maxclientsnumber says.
	s.to = min(max(s.to, s.from+2*(o.idle+50)), max(s.to, belowEphemeral))
	s.version = p.fetchedVersion("pure-ftpd")
	s.settings = "argon2id (PureDB); chroot; two processes a session; gives no TLS 1.3 tickets, so nothing resumes"
	passwords, database := p.path("pureftpd.passwd"), p.path("pureftpd.pdb")
	entry := fmt.Sprintf("%s:%s:%d:%d::%s/./::::::::::::\n", user, p.argon2, accountID, accountID, p.tree)
	if err := writeConfig(passwords, entry); err != nil {
		return s, err
	}
	mkdb := exec.Command(filepath.Join(p.fetched, "usr/bin/pure-pw"), "mkdb", database, "-f", passwords)
	if out, err := mkdb.CombinedOutput(); err != nil {
		return s, fmt.Errorf("pure-pw: %w\n%s", err, out)
	}
	s.command = func(plain bool) (*exec.Cmd, error) {
		cmd := exec.Command(filepath.Join(p.fetched, "usr/sbin/pure-ftpd"),
			"--bind", "127.0.0.1,"+strconv.Itoa(s.control),
			"--maxclientsnumber", "20000",
			"--maxclientsperip", "20000",
			"--login", "puredb:"+database,
			"--noanonymous",
			"--chrooteveryone",
			"--minuid", "1",
			"--dontresolve",
			"--syslogfacility", "none",
			"--maxidletime", "15",
			"--limitrecursion", "1000000:10",
			"--passiveportrange", portRange(s.from, s.to, ":"),
			"--pidfile", p.path("pureftpd.pid"),
			"--certfile", p.both)
		if plain {
			cmd.Args = append(cmd.Args, "--tls", "0")
		} else {
			cmd.Args = append(cmd.Args, "--tls", "3") // 2 would leave data connections to the client
		}
		return cmd, nil
	}
	return s, nil
}
