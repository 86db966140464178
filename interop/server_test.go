//go:build interop

package interop

import (
	"bytes"
	"crypto/rand"
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
	user = "alice"
	// dataPorts is as many as the program has by default.
	dataPorts = 8
)

// site is where a server listens.
type site struct {
	host     string // its address
	explicit int    // its ports
	implicit int
	data     int      // first of the data ports
	ports    int      // number of data ports
	within   []string // what to put before a command to run it there; nil for here
}

// local is a site on loopback with so many data ports.
func local(t *testing.T, ports int) site {
	t.Helper()
	first := testport.Range(t, ports+2)
	return site{host: "127.0.0.1", explicit: first, implicit: first + 1, data: first + 2, ports: ports}
}

// server is one running "sealane serve".
type server struct {
	site
	dir      string // the folder that it serves
	ca       string // its certificate
	password string
	pid      int
	output   *output
}

// output is what the program printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// tail is the last n bytes of it.
func (o *output) tail(n int) string {
	s := o.String()
	if len(s) > n {
		return "...\n" + s[len(s)-n:]
	}
	return s
}

// binary builds the program once for all tests, unless SEALANE_PROGRAM names one
// that is built, such as a release.
var binary = sync.OnceValues(func() (string, error) {
	if built := os.Getenv("SEALANE_PROGRAM"); built != "" {
		return filepath.Abs(built)
	}
	path := filepath.Join(buildDir, "sealane")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/sealane").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

var buildDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "sealane-interop-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		buildDir = dir
		return m.Run()
	}())
}

// serve starts the program on loopback and waits until it is ready. At the end of
// the test it is stopped with SIGTERM and must exit with 0.
func serve(t *testing.T, flags ...string) *server {
	t.Helper()
	return serveAt(t, local(t, dataPorts), flags...)
}

// serveAt is serve at a place of the caller's choice.
func serveAt(t *testing.T, at site, flags ...string) *server {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "state")
	s := &server{
		site: at, dir: t.TempDir(), ca: filepath.Join(state, "server.crt"), password: rand.Text(), output: new(output),
	}
	args := append(at.within[:len(at.within):len(at.within)],
		program, "serve", s.dir, "--state", state,
		"--explicit", net.JoinHostPort(s.host, strconv.Itoa(s.explicit)),
		"--implicit", net.JoinHostPort(s.host, strconv.Itoa(s.implicit)),
		"--data-ports", fmt.Sprintf("%d-%d", s.data, s.data+s.ports-1),
		"--user", user+":"+s.password,
	)
	args = append(args, flags...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = s.output, s.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid = cmd.Process.Pid // "ip netns exec" becomes the program, so it is right there, too
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { stop(t, cmd, ended, s.output) })
	if err := s.ready(ended); err != nil {
		t.Fatalf("sealane serve: %v", err)
	}
	return s
}

// ready waits until the program says that it listens. To connect would not do:
// it leaves a session in the log, and does not reach every site.
func (s *server) ready(ended chan error) error {
	late := time.After(30 * time.Second)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !strings.Contains(s.output.String(), "\nReady.") {
		select {
		case end := <-ended:
			ended <- end // for stop
			return fmt.Errorf("the program ended: %v", end)
		case <-late:
			return errors.New("not ready after 30 seconds")
		case <-again.C:
		}
	}
	return nil
}

// logs waits until the log holds text. The server writes it aside: who has just heard
// a reply may be ahead of it.
func (s *server) logs(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the log tells: "+text, func() bool { return strings.Contains(s.output.String(), text) })
}

func stop(t *testing.T, cmd *exec.Cmd, ended chan error, output *output) {
	t.Helper()
	// An error here means that it has ended already, which shows below.
	_ = cmd.Process.Signal(syscall.SIGTERM)
	var err error
	select {
	case err = <-ended:
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		<-ended
		err = fmt.Errorf("not ended one minute after SIGTERM")
	}
	if err != nil {
		t.Errorf("sealane serve: %v", err)
	}
	if t.Failed() {
		t.Logf("sealane serve printed:\n%s", output.tail(64*kib))
	}
}
