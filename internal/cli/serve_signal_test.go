//go:build unix

package cli

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// until reads lines to the first with text.
func until(t *testing.T, r *bufio.Reader, text string) string {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if strings.Contains(line, text) {
			return line
		}
		if err != nil {
			t.Fatalf("%q does not come: %v", text, err)
		}
	}
}

// The second signal ends the server at once, also in a transfer that may go on: with 130, as it
// says, whichever signal it is, and where the first was ignored by who started it.
func TestSecondSignal(t *testing.T) {
	for _, sent := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sent.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(dir, "sealane") // by which name TestMain knows what to be
			if err := os.Symlink(self, program); err != nil {
				t.Fatal(err)
			}
			start := func(args ...string) (*exec.Cmd, *bufio.Reader, *bufio.Reader, io.WriteCloser) {
				cmd := exec.Command("sh", append([]string{"-c", `trap "" INT; exec "$0" "$@"`, program}, args...)...)
				cmd.Env = append(os.Environ(), "SEALANE_PASSWORD=wonderland-77")
				in, _ := cmd.StdinPipe()
				out, _ := cmd.StdoutPipe()
				log, _ := cmd.StderrPipe()
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				dead := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() }) // for tests that hang
				t.Cleanup(func() { dead.Stop(); cmd.Process.Kill(); cmd.Wait() })
				return cmd, bufio.NewReader(out), bufio.NewReader(log), in
			}
			server, out, log, _ := start("serve", "--state", filepath.Join(dir, "state"), "--explicit", "127.0.0.1:0", "--implicit", "off",
				"--data-mode", "exclusive", "--data-ports", "20000-29999", "--user", "alice:wonderland-77")
			at := strings.TrimSpace(strings.TrimPrefix(until(t, out, "ftpes://"), "  explicit FTPS  ftpes://"))
			_, pin, _ := strings.Cut(until(t, out, "--pin"), "--pin ")
			pin, _, _ = strings.Cut(pin, " ")
			until(t, out, "Ready")
			_, _, dialogue, in := start("put", "-", "ftpes://alice@"+at+"/f", "--pin", pin, "--verbose", "--retries", "0")
			until(t, dialogue, "150")
			defer in.Close() // what is sent has no end until then
			for range 2 {
				if err := server.Process.Signal(sent); err != nil {
					t.Fatal(err)
				}
				if log != nil {
					until(t, log, "stopping") // it says so once
					log = nil
				}
			}
			var exit *exec.ExitError
			if err := server.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
				t.Errorf("it ends with %v", err)
			}
		})
	}
}
