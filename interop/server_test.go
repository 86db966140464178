//go:build interop

package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	user = "alice"
	// dataPorts leaves room for the parallel downloads and for ports that wait
	// to be used again.
	dataPorts = 64
	// firstPort and lastPort lie below the ports that Linux and the BSDs hand out
	// to outgoing connections, so that a port that was free stays free.
	firstPort, lastPort = 20000, 30000
)

// server is one running "sealane serve".
type server struct {
	dir      string // the folder that it serves
	ca       string // its certificate
	password string
	explicit int // ports on 127.0.0.1
	implicit int
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

// serve starts the program on loopback and waits until both listeners accept.
// At the end of the test it is stopped with SIGTERM and must exit with 0.
func serve(t *testing.T, flags ...string) *server {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "state")
	ports := freePorts(t, dataPorts+2)
	s := &server{
		dir:      t.TempDir(),
		ca:       filepath.Join(state, "server.crt"),
		password: rand.Text(),
		explicit: ports, implicit: ports + 1,
		output: new(output),
	}
	args := append([]string{
		"serve", s.dir, "--state", state,
		"--explicit", "127.0.0.1:" + strconv.Itoa(s.explicit),
		"--implicit", "127.0.0.1:" + strconv.Itoa(s.implicit),
		"--data-ports", fmt.Sprintf("%d-%d", ports+2, ports+1+dataPorts),
		"--user", user + ":" + s.password,
	}, flags...)
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = s.output, s.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { stop(t, cmd, ended, s.output) })
	for _, port := range []int{s.explicit, s.implicit} {
		if err := accepts(port, ended); err != nil {
			t.Fatalf("port %d of sealane serve: %v", port, err)
		}
	}
	return s
}

// accepts waits until something listens on port.
func accepts(port int, ended chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			return conn.Close()
		}
		select {
		case end := <-ended:
			ended <- end // for stop
			return fmt.Errorf("the program ended: %v", end)
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
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
		t.Logf("sealane serve printed:\n%s", output)
	}
}

// freePorts gives the first of n free ports in a row.
func freePorts(t *testing.T, n int) int {
	t.Helper()
	portsMu.Lock()
	defer portsMu.Unlock()
	for ; nextPort+n < lastPort; nextPort++ {
		first, free := nextPort, true
		for p := first; p < first+n && free; p++ {
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p))
			if err != nil {
				free = false
				nextPort = p
				break
			}
			l.Close()
		}
		if free {
			nextPort = first + n
			return first
		}
	}
	t.Fatalf("no %d free ports in a row below %d", n, lastPort)
	return 0
}

var (
	portsMu  sync.Mutex
	nextPort = firstPort + os.Getpid()%5000
)
