//go:build interop && linux

package durability

import (
	"bytes"
	secret "crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sealane/sealane/internal/testport"
)

const (
	user      = "alice"
	dataPorts = 8
)

// long asks for the long form of the tests.
func long() bool { return os.Getenv("INTEROP_LONG") == "1" }

// pick is the short or the long form of a number.
func pick(short, longer int) int {
	if long() {
		return longer
	}
	return short
}

// lack skips the test, or fails it where it has to run.
func lack(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("INTEROP_REQUIRE") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// built is the program, built once for all tests, unless SEALANE_PROGRAM names one
// that is built, such as a release.
var built = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("SEALANE_PROGRAM"); given != "" {
		return filepath.Abs(given)
	}
	path := filepath.Join(buildDir, "sealane")
	out, err := exec.Command("go", "build", "-o", path, "../../cmd/sealane").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func program(t *testing.T) string {
	t.Helper()
	p, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// offers says whether "sealane COMMAND" has a flag, such as "--durability".
func offers(t *testing.T, command, flag string) bool {
	t.Helper()
	out, err := exec.Command(program(t), command, "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("sealane %s --help: %v\n%s", command, err, out)
	}
	return strings.Contains(string(out), flag+" ")
}

// server is a "sealane serve" that is started, killed and started again on the
// same folder, state and ports.
type server struct {
	dir      string
	state    string
	host     string // where clients look for it
	bind     string // where it listens
	port     int    // explicit; implicit is the next, the data ports follow
	password string
	flags    []string
	within   []string // what to put before the command, such as strace
	output   *output
	cmd      *exec.Cmd
	ended    chan error
}

func (s *server) explicit() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }
func (s *server) implicit() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port+1)) }
func (s *server) firstData() int   { return s.port + 2 }
func (s *server) ca() string       { return filepath.Join(s.state, "server.crt") }

// newServer prepares a server for a folder; start starts it. The end of the test
// kills it if it still runs.
func newServer(t *testing.T, dir string, flags ...string) *server {
	t.Helper()
	s := &server{
		dir: dir, state: filepath.Join(t.TempDir(), "state"), host: "127.0.0.1", bind: "127.0.0.1", port: testport.Range(t, dataPorts+2),
		password: secret.Text(), flags: flags,
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() && s.output != nil {
			t.Logf("sealane serve printed:\n%s", s.output.tail(16<<10))
		}
	})
	return s
}

// start starts the server and waits until it says that it listens.
func (s *server) start(t *testing.T) {
	t.Helper()
	if err := s.launch(t); err != nil {
		t.Fatalf("sealane serve: %v\n%s", err, s.output.tail(16<<10))
	}
}

func (s *server) launch(t *testing.T) error {
	t.Helper()
	args := append(s.within[:len(s.within):len(s.within)],
		program(t), "serve", s.dir, "--state", s.state,
		"--explicit", net.JoinHostPort(s.bind, strconv.Itoa(s.port)), "--implicit", net.JoinHostPort(s.bind, strconv.Itoa(s.port+1)),
		"--data-ports", fmt.Sprintf("%d-%d", s.firstData(), s.firstData()+dataPorts-1), "--user", user+":"+s.password)
	args = append(args, s.flags...)
	cmd := exec.Command(args[0], args[1:]...)
	s.output = newOutput()
	cmd.Stdout, cmd.Stderr = s.output, s.output
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.cmd, s.ended = cmd, ended
	select {
	case <-s.output.ready:
		return nil
	case err := <-ended:
		s.cmd = nil
		return fmt.Errorf("the program ended: %v", err)
	case <-time.After(time.Minute):
		s.kill()
		return errors.New("not ready after one minute")
	}
}

// kill ends the server without a chance to tidy up, and returns when it is gone:
// from then on nothing that it was asked for can still happen.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.ended
	s.cmd = nil
}

// stop ends the server as an administrator would; it must exit with 0.
func (s *server) stop(t *testing.T) {
	t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended, which shows below
	select {
	case err := <-s.ended:
		s.cmd = nil
		if err != nil {
			t.Errorf("sealane serve: %v", err)
		}
	case <-time.After(time.Minute):
		s.kill()
		t.Error("sealane serve has not ended one minute after SIGTERM")
	}
}

// output is what the program printed so far.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{} // closed when the program listens
}

func newOutput() *output { return &output{ready: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.text.Write(p)
	select {
	case <-o.ready:
	default:
		if bytes.Contains(o.text.Bytes(), []byte("\nReady.")) {
			close(o.ready)
		}
	}
	return n, err
}

// tail is the last n bytes of it.
func (o *output) tail(n int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.text.String()
	if len(s) > n {
		return "...\n" + s[len(s)-n:]
	}
	return s
}
