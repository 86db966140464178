//go:build interop

package interop

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// link is one way to reach a server.
type link struct {
	*server
	implicit bool
	version  string // of TLS: "1.2" or "1.3"; "" without TLS
}

func (l link) String() string {
	switch {
	case l.version == "":
		return "plain"
	case l.implicit:
		return "implicit/TLS" + l.version
	}
	return "explicit/TLS" + l.version
}

func (l link) port() int {
	if l.implicit {
		return l.server.implicit
	}
	return l.server.explicit
}

// address is HOST:PORT.
func (l link) address() string { return net.JoinHostPort(l.host, strconv.Itoa(l.port())) }

// mode is what the scripts in testdata take as their third argument.
func (l link) mode() string {
	switch {
	case l.version == "":
		return "plain"
	case l.implicit:
		return "implicit"
	}
	return "explicit"
}

// client is a program that speaks FTP. Remote names are relative to the root of
// the account. A nil function is something that the
// client cannot do.
type client struct {
	name     string
	program  string
	version  []string // arguments that print the version; nil if it has none
	implicit bool     // speaks implicit TLS
	huge     bool     // moves 1 GiB too

	put       func(t *testing.T, l link, local, remote string)
	get       func(t *testing.T, l link, remote, local string)
	resumePut func(t *testing.T, l link, local, remote string)
	resumeGet func(t *testing.T, l link, remote, local string)
	list      func(t *testing.T, l link, dir string) string // by LIST; has facts with it
	facts     func(t *testing.T, l link, dir string) string // by MLSD
	mkdir     func(t *testing.T, l link, dir string)
	rename    func(t *testing.T, l link, from, to string)
	remove    func(t *testing.T, l link, name string)
	rmdir     func(t *testing.T, l link, dir string)
}

func clients() []client {
	return []client{curl(), lftp(), wget(), ftplib(), netFTP(), php(), basicFTP(), tnftp(), rclone()}
}

// need skips the test if the client is not there, or fails it where it has to be.
func (c client) need(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath(c.program)
	if err == nil && c.version != nil {
		_, err = command(t, time.Minute, nil, "", c.program, c.version...)
	}
	switch {
	case err == nil:
	case os.Getenv("INTEROP_REQUIRE") == "1":
		t.Fatalf("%s is required here and cannot be run: %v", c.name, err)
	default:
		t.Skipf("%s cannot be run: %v; see interop/install.sh", c.name, err)
	}
}

// TestVersions prints what the other tests have talked to.
func TestVersions(t *testing.T) {
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			c.need(t)
			program, version := c.program, c.version
			if version == nil {
				program, version = "dpkg-query", []string{"--show", c.program}
			}
			out, err := command(t, time.Minute, nil, "", program, version...)
			if err != nil {
				out = fmt.Sprintf("it does not tell its version, and neither does this system: %v", err)
			}
			first, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
			t.Logf("%s: %s", c.name, first)
		})
	}
	t.Run("servers", func(t *testing.T) {
		t.Log(fetchedVersions())
	})
}

// patience bounds every command, that of 1 GiB on a slow machine included.
const patience = 2 * time.Minute

// run runs a command that must succeed and returns its standard output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	return runWith(t, nil, "", name, args...)
}

// runWith is run with additional environment and a standard input.
func runWith(t *testing.T, env []string, input, name string, args ...string) string {
	t.Helper()
	out, err := command(t, patience, env, input, name, args...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// command runs a program with no settings of the user who runs the tests.
func command(t *testing.T, limit time.Duration, env []string, input, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8", "TZ=UTC")
	for _, proxy := range []string{"ftp_proxy", "all_proxy", "ALL_PROXY", "FTP_PROXY"} {
		cmd.Env = append(cmd.Env, proxy+"=")
	}
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("not done within %v: %w", limit, err)
		}
		return "", fmt.Errorf("%s %q: %w\n%s%s", name, args, err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.String(), nil
}
