//go:build interop && linux

package durability

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// resumer is a program that can go on with an upload.
type resumer struct {
	name    string
	program string // "" for the project's own
	// stubborn: it tries again by itself, and is killed when it has been cut.
	stubborn bool
	put      func(ctx context.Context, t *testing.T, s *server, local, remote string) ([]byte, error)
}

func resumers() []resumer {
	return []resumer{
		{name: "curl", program: "curl", put: func(ctx context.Context, t *testing.T, s *server, local, remote string) ([]byte, error) {
			return command(ctx, t, "curl", "--disable", "--silent", "--show-error", "--cacert", s.ca(), "--user", user+":"+s.password,
				"-C", "-", "-T", local, "ftps://"+s.implicit()+"/"+remote)
		}},
		{name: "lftp", program: "lftp", stubborn: true, put: func(ctx context.Context, t *testing.T, s *server, local, remote string) ([]byte, error) {
			script := "set ssl:ca-file " + s.ca() + "; set net:max-retries 1; set net:timeout 20; set net:reconnect-interval-base 1; " +
				"set ftp:prefer-epsv yes; set xfer:log no; set cmd:fail-exit yes; " +
				"open -u " + user + "," + s.password + " ftps://" + s.implicit() + "; put -c " + local + " -o " + remote
			return command(ctx, t, "lftp", "-c", script)
		}},
		{name: "sealane", put: func(ctx context.Context, t *testing.T, s *server, local, remote string) ([]byte, error) {
			return sealanePut(ctx, t, s, local, remote, "--resume", "--retries", "0") // by itself it would go on
		}},
	}
}

// command runs a client with no settings of the user who runs the tests.
func command(ctx context.Context, t *testing.T, name string, args ...string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8", "ftp_proxy=", "all_proxy=", "ALL_PROXY=", "FTP_PROXY=")
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("killed: %w", err)
	}
	return out, err
}

// TestResume: an upload is cut at 10 random bytes, and each time resumed by the
// client, twice after a restart of the server, until it is whole: it is the same
// file, and what the server had was not sent again (F-21).
func TestResume(t *testing.T) {
	for _, r := range resumers() {
		t.Run(r.name, func(t *testing.T) {
			if r.program != "" {
				if _, err := exec.LookPath(r.program); err != nil {
					lack(t, "%v; see interop/install.sh", err)
				}
			}
			s := newServer(t, t.TempDir())
			c := newCutter(t, s)
			s.start(t)
			rounds, cuts := pick(2, 30), 0
			for round := range rounds {
				cuts += resumeOnce(t, s, c, r, round)
				if t.Failed() {
					break
				}
			}
			t.Logf("F-21: %s: %d files, %d cuts, %d bytes sent for %d", r.name, rounds, cuts, c.total(), rounds*resumeSize)
			if len(leftovers(t, s.dir)) > 0 {
				t.Errorf("left in the server's own folder: %v", leftovers(t, s.dir))
			}
			s.stop(t)
		})
	}
}

const resumeSize = 16 * mib

func resumeOnce(t *testing.T, s *server, c *cutter, r resumer, round int) (cuts int) {
	t.Helper()
	name := fmt.Sprintf("%s%d", r.name, round)
	content := body(name, 1, resumeSize)
	local := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(local, content, 0o600); err != nil {
		t.Fatal(err)
	}
	before, have := c.disarm(), 0
	for attempt := range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		onCut := func() {}
		if r.stubborn {
			onCut = cancel
		}
		c.arm(1+rand.IntN(resumeSize/12), attempt%2 == 1, onCut)
		out, err := r.put(ctx, t, s, local, name)
		if err == nil {
			t.Errorf("attempt %d succeeded although it was cut:\n%s", attempt, out)
		}
		if _, err := os.Stat(filepath.Join(s.dir, name)); err == nil {
			t.Errorf("attempt %d: a part of the file has its name", attempt)
		}
		noticed(t, s)
		switch attempt {
		case 4:
			s.stop(t)
			s.start(t)
		case 7:
			s.kill()
			s.start(t)
		}
		var now int
		if _, err := fmt.Sscanf(sizeOf(t, s, name), "213 %d", &now); err == nil && now < have || err != nil && have > 0 {
			t.Errorf("attempt %d: the server had %d bytes, and has %d", attempt, have, now)
		}
		have = now
	}
	cuts = c.disarm() - before
	sent := c.total()
	out, err := r.put(t.Context(), t, s, local, name)
	if err != nil {
		t.Errorf("the last attempt: %v\n%s\nSIZE: %s", err, strings.TrimSpace(string(out)), sizeOf(t, s, name))
	}
	got, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil || string(got) != string(content) {
		t.Errorf("%d of %d bytes, and not the right ones: %v", len(got), len(content), err)
	}
	// TLS adds less than a hundredth.
	sent = c.total() - sent
	if most := (resumeSize - have) * 101 / 100; cuts < 10 || have == 0 || sent > most+64*kib {
		t.Errorf("%d cuts; of %d bytes the server had %d, and the last attempt sent %d", cuts, resumeSize, have, sent)
	}
	return cuts
}

// noticed waits until the server has seen the end of every session.
func noticed(t *testing.T, s *server) {
	t.Helper()
	late := time.Now().Add(30 * time.Second)
	for {
		log := s.output.tail(1 << 30)
		if strings.Count(log, "msg=session-start") == strings.Count(log, "msg=session-end") {
			return
		}
		if time.Now().After(late) {
			t.Fatal("the server has not noticed that its client is gone")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// sealanePut runs "sealane put" with more flags.
func sealanePut(ctx context.Context, t *testing.T, s *server, local, remote string, flags ...string) ([]byte, error) {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(s.password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	u := url.URL{Scheme: "ftps", User: url.User(user), Host: s.implicit(), Path: "/" + remote}
	args := append([]string{"put", "--quiet", "--ca", s.ca(), "--password-file", password}, flags...)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return exec.CommandContext(ctx, program(t), append(args, local, u.String())...).CombinedOutput()
}
