//go:build interop && linux

package interop

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// vanishStall is the stall limit of the server, and vanishLate when all must be
// given back: that, or the limit for a data connection to come, and some more.
const (
	vanishStall = 3 * time.Second
	vanishLate  = 45 * time.Second
)

// vanishers are sessions that are busy when their client vanishes.
const vanishers = 4

// F-01: a client vanishes without a FIN, since its link is down, a firewall drops
// all, or it is stopped: in an upload, in a download, before it makes a data
// connection, and idle. The transfers end within the limits, with everything that
// they held; what stays are control connections, and those have keepalive.
func TestF01ClientVanishes(t *testing.T) {
	needNamespaces(t)
	l := newLAN(t, ipv4(), 3)
	at := site{host: l.host, explicit: 21, implicit: 990, data: 2991, ports: 4, within: inside(l.server)}
	s := serveAt(t, at, "--config", settings(t, fmt.Sprintf("[limits]\nstall = %q\n", vanishStall)))
	big := make([]byte, 256*mib)
	if err := os.WriteFile(filepath.Join(s.dir, "big.bin"), big, 0o644); err != nil {
		t.Fatal(err)
	}
	list := func(more ...string) string {
		args := append(inside(l.server), "curl", "--disable", "--silent", "--show-error", "--insecure", "--ssl-reqd",
			"--user", user+":"+s.password)
		args = append(args, more...)
		return run(t, args[0], append(args[1:], fmt.Sprintf("ftp://%s/", s.host))...)
	}
	list("-T", s.ca) // what the first upload opens stays open
	s.drained(t)
	sockets, _ := s.holds(t)
	before := len(s.output.String())
	var children []*child
	for _, client := range l.clients {
		children = append(children, startChild(t, s, client, "TestVanishingChild"))
	}
	for _, c := range children {
		c.expect(t, "busy")
	}
	if more, files := s.holds(t); more != sockets+len(children)*(vanishers+2) || files != 3*len(children) {
		t.Fatalf("%d sockets, %d before, and %d files: the sessions do not do what they should", more, sockets, files)
	}
	if n := len(vanished(s.output.String()[before:])); n != 0 {
		t.Fatalf("%d transfers have ended before anybody vanished", n)
	}
	run(t, "ip", "-n", l.clients[0], "link", "set", "server", "down")
	l.rule(t, "-I", "INPUT", "-s", fmt.Sprintf(l.client, 2), "-j", "DROP")
	l.rule(t, "-I", "OUTPUT", "-d", fmt.Sprintf(l.client, 2), "-j", "DROP")
	if err := children[2].cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}

	sockets += len(children) * vanishers
	within(t, vanishLate, func() error {
		if got := vanished(s.output.String()[before:]); len(got) != 3*len(children) {
			return fmt.Errorf("%d of %d transfers have ended: %q", len(got), 3*len(children), got)
		}
		if left, files := s.holds(t); left != sockets || files != 0 {
			return fmt.Errorf("%d sockets and %d files are open, want %d and none", left, files, sockets)
		}
		return nil
	})
	for _, end := range vanished(s.output.String()[before:]) {
		if !strings.HasPrefix(end, "STOR 426") && !strings.HasPrefix(end, "RETR 426") && !strings.HasPrefix(end, "RETR 425") {
			t.Errorf("a transfer ended in %q", end)
		}
	}
	if entries := entries(t, s.dir); strings.Contains(strings.Join(entries, " "), "up-") {
		t.Errorf("an upload that was cut is to be seen: %q", entries)
	}
	// The ports are free again for others: nobody has to wait out a dead one.
	if out := list("--list-only"); !strings.Contains(out, "big.bin") {
		t.Errorf("another client gets the listing %q", out)
	}
	l.keepalive(t, at)

	// Who only slept hears what became of its transfers, and goes on.
	if err := children[2].cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	children[2].say(t, "over?")
	children[2].expect(t, "over")
	if long() { // and those who never come back are given up: stall limit, then 70 s
		within(t, 100*time.Second, func() error {
			if left, _ := s.holds(t); left != sockets-len(children)*vanishers {
				return fmt.Errorf("%d sockets are open, want %d", left, sockets-len(children)*vanishers)
			}
			return nil
		})
	}
}

// holds counts the sockets that the process has open, and the files of transfers.
func (s *server) holds(t *testing.T) (sockets, files int) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd/", s.pid)
	for _, number := range entries(t, dir) {
		name, err := os.Readlink(dir + number)
		switch {
		case err != nil: // it has just been closed
		case strings.HasPrefix(name, "socket:"):
			sockets++
		case strings.HasPrefix(name, s.dir+"/") && filepath.Base(name) != ".sealane":
			files++
		}
	}
	return sockets, files
}

// vanished is what became of the transfers so far: verb and reply.
func vanished(log string) (ends []string) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, " msg=transfer ") {
			ends = append(ends, field(line, "verb")+" "+field(line, "reply"))
		}
	}
	return ends
}

// keepalive checks that the kernel looks after control connections that have
// nothing to say: all but those that have.
func (l *lan) keepalive(t *testing.T, at site) {
	t.Helper()
	args := append(inside(l.server), "ss", "-tnoH", "state", "established", fmt.Sprintf("( sport = :%d )", at.explicit))
	out, n := run(t, args[0], args[1:]...), 0
	for line := range strings.Lines(out) {
		if strings.Contains(line, "timer:(keepalive") {
			n++
		} else if strings.Fields(line)[1] == "0" { // nothing is unacknowledged
			t.Errorf("no keepalive: %s", line)
		}
	}
	if n == 0 {
		t.Errorf("no control connection has keepalive:\n%s", out)
	}
}

// TestVanishingChild is run by TestF01ClientVanishes in the namespace of a client.
func TestVanishingChild(t *testing.T) {
	s := childServer(t)
	var all []*peer
	for range vanishers {
		p, err := newPeer(s, way{version: tls.VersionTLS13})
		if err != nil {
			t.Fatal(err)
		}
		defer p.drop()
		all = append(all, p)
	}
	up, down, waiting, idle := all[0], all[1], all[2], all[3]
	stored, _, err := up.start(fmt.Sprintf("STOR up-%d", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	fetched, _, err := down.start("RETR big.bin")
	if err != nil {
		t.Fatal(err)
	}
	moving := make(chan struct{}, 2)
	go pace(moving, func() error { _, err := stored.Write(make([]byte, 64*kib)); return err })
	go pace(moving, func() error { _, err := io.ReadFull(fetched, make([]byte, 64*kib)); return err })
	<-moving
	<-moving
	for _, step := range []error{waiting.command(229, "EPSV"), waiting.command(150, "RETR big.bin"), idle.command(200, "NOOP")} {
		if step != nil {
			t.Fatal(step)
		}
	}
	fmt.Println("busy")
	bufio.NewReader(os.Stdin).ReadString('\n')
	for _, p := range all { // whose deadlines have passed
		p.raw.SetDeadline(time.Now().Add(peerPatience))
	}
	for _, p := range []*peer{up, down} {
		if err := p.reply(426, "transfer"); err != nil {
			t.Error(err)
		}
	}
	if err := waiting.reply(425, "transfer"); err != nil {
		t.Error(err)
	}
	for _, p := range all {
		if err := errors.Join(p.command(200, "NOOP"), p.quit()); err != nil {
			t.Error(err)
		}
	}
	if !t.Failed() {
		fmt.Println("over")
	}
}

// pace does a step ten times a second, until it fails, and tells of the first.
func pace(first chan<- struct{}, step func() error) {
	for i := 0; step() == nil; i++ {
		if i == 0 {
			first <- struct{}{}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// child is this program once more, as a client in another namespace.
type child struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

// startChild runs one test of this program in a namespace, as a client of s.
func startChild(t *testing.T, s *server, namespace, test string) *child {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(inside(namespace), program, "-test.run=^"+test+"$", "-test.timeout=3m")
	c := &child{cmd: exec.Command(args[0], args[1:]...)}
	c.cmd.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{s.host, strconv.Itoa(s.explicit), s.ca, s.password}, "|"))
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill() // also of one that is stopped
		_ = c.cmd.Wait()
	})
	c.out = bufio.NewReader(out)
	return c
}

func (c *child) say(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(c.in, line); err != nil {
		t.Error(err)
	}
}

// expect waits until the child says a line.
func (c *child) expect(t *testing.T, want string) {
	t.Helper()
	var all string
	for {
		line, err := c.out.ReadString('\n')
		if all += line; strings.TrimSpace(line) == want {
			return
		}
		if err != nil {
			t.Fatalf("the client did not say %q but %q, and then %v", want, all, err)
		}
	}
}

const childEnv = "INTEROP_CHILD"

// childServer is the server that the parent has told of; without a parent there is
// nothing to do.
func childServer(t *testing.T) *server {
	t.Helper()
	parts := strings.Split(os.Getenv(childEnv), "|")
	if len(parts) != 4 {
		t.Skip("this is a part of another test")
	}
	port, err := strconv.Atoi(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return &server{site: site{host: parts[0], explicit: port}, ca: parts[2], password: parts[3]}
}

// settings writes a configuration file.
func settings(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sealane.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// within waits until a condition holds, and fails the test if it does not in time.
func within(t *testing.T, limit time.Duration, condition func() error) {
	t.Helper()
	late := time.After(limit)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-late:
			t.Errorf("after %v: %v", limit, err)
			return
		case <-again.C:
		}
	}
}
