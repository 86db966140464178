package control

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Another user of the machine gets no answer, also in the moment in which the socket does
// not have its mode yet, or when somebody has given it another one.
func TestOtherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can pretend to be another user")
	}
	c, path := start(t, &house{})
	if err := errors.Join(os.Chmod(filepath.Dir(path), 0o755), os.Chmod(path, 0o666)); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		bytes []byte
		err   error
	}
	done := make(chan answer)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its user
		const nobody, same = 65534, ^uintptr(0)
		if _, _, err := unix.RawSyscall(unix.SYS_SETRESUID, same, nobody, same); err != 0 {
			done <- answer{err: err}
			return
		}
		conn, err := net.Dial("unix", path)
		if err != nil {
			done <- answer{err: err}
			return
		}
		defer conn.Close()
		// It may be closed before this is written.
		_, _ = io.WriteString(conn, "GET /v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		b, err := io.ReadAll(conn)
		if errors.Is(err, unix.ECONNRESET) {
			err = nil
		}
		done <- answer{b, err}
	}()
	if a := <-done; len(a.bytes) > 0 || a.err != nil {
		t.Errorf("another user got %.80q, %v", a.bytes, a.err)
	}
	if _, err := c.Stats(t.Context()); err != nil {
		t.Errorf("the same user: %v", err)
	}
}
