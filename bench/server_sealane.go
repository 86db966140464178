package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

const sealaneName = "sealane"

// sealane is what the others are compared to: a build of this tree, or the program
// that is given.
func sealane(p *place, o *options) (product, error) {
	s := newProduct(p, sealaneName, 0)
	s.to = s.from + o.dataPorts - 1
	s.settings = fmt.Sprintf("%d data ports; argon2id; one process as "+account+"; os.Root in place of chroot; log to a file", o.dataPorts)
	program := p.path("sealane")
	if err := provide(program, o.program); err != nil {
		return s, err
	}
	if err := os.Chmod(program, 0o755); err != nil {
		return s, err
	}
	if s.version = revision(); o.program != "" {
		version, err := filter("", program, "version")
		if err != nil {
			return s, err
		}
		s.version, _, _ = strings.Cut(version, "\n")
	}
	state := p.path("sealane-state")
	if err := p.folder(state); err != nil {
		return s, err
	}
	config := p.path("sealane.toml")
	text := fmt.Sprintf(`dir = %q
state = %q
[listen]
explicit = %q
implicit = "off"
[data]
ports = %q
[tls]
cert = %q
key = %q
[limits]
sessions = 20000
sessions_per_address = 20000
idle = "15m"
[[account]]
name = %q
password_hash = %q
`, p.tree, state, s.addr(), portRange(s.from, s.to, "-"), p.cert, p.key, user, p.argon2)
	if err := p.private(config, []byte(text)); err != nil {
		return s, err
	}
	s.command = func(plain bool) (*exec.Cmd, error) {
		cmd := exec.Command(program, "serve", "--config", config)
		if plain {
			cmd.Args = append(cmd.Args, "--insecure-plaintext")
		}
		asAccount(cmd)
		return cmd, nil
	}
	return s, nil
}

// provide puts the program where account may run it.
func provide(program, given string) error {
	if given != "" {
		content, err := os.ReadFile(given)
		if err != nil {
			return err
		}
		return os.WriteFile(program, content, 0o755)
	}
	build := exec.Command("go", "build", "-trimpath", "-o", program, "./cmd/sealane")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./cmd/sealane: %w; run bench in the root of the repository\n%s", err, out)
	}
	return nil
}

// revision names the commit that is measured.
func revision() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--tags").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
