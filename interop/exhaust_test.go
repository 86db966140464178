//go:build interop && linux

package interop

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cpu is the processor time that the process has used, in steps of 10 ms.
func (s *server) cpu(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	// proc_pid_stat(5): after the name in parentheses, utime and stime are the 12th
	// and 13th field, in ticks, of which Linux shows 100 a second everywhere.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// rests checks that the process has nearly nothing to do for a while; one goroutine
// that spins takes all of that time.
func (s *server) rests(t *testing.T, while time.Duration) {
	t.Helper()
	before := s.cpu(t)
	time.Sleep(while)
	if used := s.cpu(t) - before; used > while/4 {
		t.Errorf("the server used %v of processor time within %v in which it has nothing to do", used, while)
	}
}

// F-02: ends of one direction only, in both orders, and whoever leaves it at that:
// each has a defined end, and meanwhile the server does not spin.
func TestF02HalfClosed(t *testing.T) {
	s := serve(t, "--config", settings(t, "[limits]\nstall = \"5s\"\n"))
	if err := os.WriteFile(filepath.Join(s.dir, "big.bin"), make([]byte, 64*mib), 0o644); err != nil {
		t.Fatal(err)
	}
	// half makes one of each kind: the client ends what it sends on one connection or
	// on both, and goes on to hold all of them.
	type half struct {
		control, data, download bool
		controlFirst            bool
	}
	var kinds []half
	for _, download := range []bool{true, false} {
		kinds = append(kinds, half{control: true, download: download}, half{data: true, download: download},
			half{control: true, data: true, download: download}, half{control: true, data: true, download: download, controlFirst: true})
	}
	var peers []*peer
	var connections []*tls.Conn
	for i, k := range kinds {
		p, err := newPeer(s, way{version: tls.VersionTLS13})
		if err != nil {
			t.Fatal(err)
		}
		defer p.drop()
		line := "RETR big.bin"
		if !k.download {
			line = fmt.Sprintf("STOR up-%d", i)
		}
		conn, raw, err := p.start(line)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		if !k.download {
			_, err = conn.Write(pattern("part", 10*kib))
		}
		ends := []func() error{}
		if k.data {
			ends = append(ends, raw.CloseWrite) // TLS does not announce it: a part of a file
		}
		if k.control && k.controlFirst {
			ends = append([]func() error{p.raw.CloseWrite}, ends...)
		} else if k.control {
			ends = append(ends, p.raw.CloseWrite)
		}
		for _, end := range ends {
			err = errors.Join(err, end())
		}
		if err != nil {
			t.Fatal(err)
		}
		peers, connections = append(peers, p), append(connections, conn)
	}
	s.rests(t, 2*time.Second)
	for i, k := range kinds {
		p, label := peers[i], fmt.Sprintf("%+v", kinds[i])
		switch {
		case k.control: // the session is over, and with it the transfer
			if _, err := io.Copy(io.Discard, connections[i]); err == nil {
				t.Errorf("%s: the data connection ended as if all had been sent", label)
			}
		case !k.download: // a part, without close_notify
			if err := p.reply(426, "STOR"); err != nil {
				t.Errorf("%s: %v", label, err)
			}
		default: // the end of what it does not send is of no matter to a download
			if n, err := io.Copy(io.Discard, connections[i]); n != 64*mib || err != nil {
				// It may have stalled while the others were looked at.
				if err := p.reply(426, "RETR"); err != nil {
					t.Errorf("%s: %d bytes, and then %v", label, n, err)
				}
			} else if err := p.reply(226, "RETR"); err != nil {
				t.Errorf("%s: %v", label, err)
			}
		}
		if k.control {
			if _, err := io.Copy(io.Discard, p.raw); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: the server keeps the control connection", label)
			}
		} else if err := p.quit(); err != nil {
			t.Errorf("%s: %v", label, err)
		}
	}
	s.drained(t)
	for _, name := range entries(t, s.dir) {
		if strings.HasPrefix(name, "up-") {
			t.Errorf("%s is to be seen, of which a part was sent", name)
		}
	}
}

// F-08: the process runs out of descriptors. Whoever is in goes on, with 421, 425 or
// 451 where one more would be needed; new ones wait in the kernel, the accept loop
// rests meanwhile; and when some are back, all is as before.
func TestF08NoDescriptors(t *testing.T) {
	if _, err := exec.LookPath("prlimit"); err != nil {
		lack(t, "prlimit of util-linux is needed: %v", err)
	}
	const limit = 64
	at := local(t, dataPorts)
	at.within = []string{"prlimit", fmt.Sprintf("--nofile=%d:%d", limit, limit)}
	s := serveAt(t, at, "--config", settings(t, "[limits]\nlogin = \"5m\"\n"))
	if err := os.WriteFile(filepath.Join(s.dir, soakSmall), pattern(soakSmall, soakNameSize), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := newPeer(s, way{version: tls.VersionTLS13})
	if err != nil {
		t.Fatal(err)
	}
	defer p.drop()
	if err := p.check(soakSmall, pattern(soakSmall, soakNameSize)); err != nil {
		t.Fatal(err)
	}
	var flood []net.Conn
	for range 2 * limit {
		conn, err := p.dial(s.explicit)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		flood = append(flood, conn)
	}
	within(t, 20*time.Second, func() error {
		if u := s.usage(t); u.descriptors < limit {
			return fmt.Errorf("%v, want %d descriptors: the flood does not reach the limit", u, limit)
		}
		return nil
	})
	s.rests(t, 3*time.Second)
	if err := p.command(200, "NOOP"); err != nil {
		t.Errorf("a session that is in: %v", err)
	}
	for _, line := range []string{"RETR " + soakSmall, "STOR new", "NLST"} {
		if err := p.without(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	s.rests(t, 2*time.Second)
	for _, conn := range flood {
		conn.Close()
	}
	within(t, 30*time.Second, func() error { // a pause of the accept loop is a second at most
		again, err := newPeer(s, way{version: tls.VersionTLS13})
		if err != nil {
			return err
		}
		defer again.drop()
		return errors.Join(again.check(soakSmall, pattern(soakSmall, soakNameSize)), again.put("/after", pattern("after", 100*kib)))
	})
	if err := errors.Join(p.check(soakSmall, pattern(soakSmall, soakNameSize)), p.quit()); err != nil {
		t.Errorf("afterwards, in the old session: %v", err)
	}
}

// without tries a transfer for which the server lacks descriptors: it must say so,
// and in time.
func (p *peer) without(line string) error {
	if err := p.send("EPSV"); err != nil {
		return err
	}
	code, text, err := p.text.ReadResponse(0)
	if err != nil {
		return err
	}
	if code != 229 {
		return temporary("EPSV", code, text)
	}
	_, rest, _ := strings.Cut(text, "(|||")
	digits, _, _ := strings.Cut(rest, "|")
	port, err := strconv.Atoi(digits)
	if err != nil {
		return err
	}
	conn, err := p.dial(port)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := p.send(line); err != nil {
		return err
	}
	if code, text, err = p.text.ReadResponse(0); err == nil && code == 150 {
		code, text, err = p.text.ReadResponse(0)
	}
	if err != nil {
		return err
	}
	return temporary(line, code, text)
}

// temporary wants one of the replies for what may go better later.
func temporary(line string, code int, text string) error {
	switch code {
	case 421, 425, 450, 451, 452:
		return nil
	}
	return fmt.Errorf("%s: want 421, 425 or 45x: %d %s", line, code, text)
}

// F-08: in a memory limit that its files would fill many times over, a crowd logs in
// and moves them, and the kernel does not end the process.
func TestF08LittleMemory(t *testing.T) {
	const limit = 160 * mib
	s := serve(t)
	confine(t, s.pid, "memory", map[string]string{"memory.limit_in_bytes": strconv.Itoa(limit)}, map[string]string{"memory.max": strconv.Itoa(limit), "memory.swap.max": "0"})
	if err := os.WriteFile(filepath.Join(s.dir, "big.bin"), make([]byte, 300*mib), 0o644); err != nil {
		t.Fatal(err)
	}
	const sessions = 24
	failed := make(chan error, sessions)
	for i := range sessions {
		go func() {
			failed <- func() error {
				p, err := newPeer(s, way{version: tls.VersionTLS13})
				if err != nil {
					return err
				}
				defer p.drop()
				if i == 0 {
					conn, _, err := p.start("RETR big.bin")
					if err != nil {
						return err
					}
					if n, err := io.Copy(io.Discard, conn); n != 300*mib || err != nil {
						return fmt.Errorf("%d bytes, %w", n, err)
					}
					if err := p.reply(226, "RETR"); err != nil {
						return err
					}
				}
				name := fmt.Sprintf("/up-%d", i)
				return errors.Join(p.put(name, pattern(name, 8*mib)), p.check(name, pattern(name, 8*mib)), p.quit())
			}()
		}()
	}
	for range sessions {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	t.Logf("the process: %v", s.usage(t))
}

// ownGroup is the control group of this process: cgroups(7), with no controller for
// version 2.
func ownGroup(t *testing.T, controller string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if parts := strings.SplitN(strings.TrimSpace(line), ":", 3); len(parts) == 3 && parts[1] == controller {
			return parts[2]
		}
	}
	return "/"
}

// confine puts a process into a control group of version 1 or 2 with these settings,
// below that of this process.
func confine(t *testing.T, pid int, controller string, v1, v2 map[string]string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make control groups")
	}
	name := fmt.Sprintf("sealane-interop-%d", pid)
	var reasons []error
	for _, place := range []struct {
		dir      string
		settings map[string]string
	}{
		{filepath.Join("/sys/fs/cgroup", controller, ownGroup(t, controller), name), v1},
		{filepath.Join("/sys/fs/cgroup", ownGroup(t, ""), name), v2},
	} {
		if err := os.Mkdir(place.dir, 0o755); err != nil {
			reasons = append(reasons, err)
			continue
		}
		// A group goes when its last process has ended: the server stops first.
		t.Cleanup(func() {
			_ = os.WriteFile(filepath.Join(filepath.Dir(place.dir), "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644)
			if err := os.Remove(place.dir); err != nil {
				t.Errorf("the control group stays: %v", err)
			}
		})
		var err error
		for file, value := range place.settings {
			err = errors.Join(err, os.WriteFile(filepath.Join(place.dir, file), []byte(value), 0o644))
		}
		if err = errors.Join(err, os.WriteFile(filepath.Join(place.dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644)); err == nil {
			return
		}
		reasons = append(reasons, err)
	}
	lack(t, "no control group can limit the %s here: %v", controller, errors.Join(reasons...))
}
