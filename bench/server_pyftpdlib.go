package main

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed pyftpdlib_server.py
var pyftpdlibServer []byte

func pyftpdlib(p *place, _ *options) (product, error) {
	s := newProduct(p, "pyftpdlib", 3)
	s.version = p.fetchedVersion("python3-pyftpdlib")
	s.settings = "argon2id (libsodium); one process, one thread, as " + account + "; no chroot; log level critical"
	script, hash := p.path("pyftpdlib_server.py"), p.path("pyftpdlib.hash")
	if err := os.WriteFile(script, pyftpdlibServer, 0o644); err != nil {
		return s, err
	}
	if err := p.private(hash, []byte(p.argon2)); err != nil {
		return s, err
	}
	s.command = func(plain bool) (*exec.Cmd, error) {
		cert := p.both
		if plain {
			cert = ""
		}
		cmd := exec.Command("/usr/bin/python3", "-W", "ignore", script,
			strconv.Itoa(s.control), strconv.Itoa(s.from), strconv.Itoa(s.to), p.tree, user, hash, cert)
		cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(p.fetched, "usr/lib/python3/dist-packages"), "PYTHONDONTWRITEBYTECODE=1")
		asAccount(cmd)
		return cmd, nil
	}
	return s, nil
}
