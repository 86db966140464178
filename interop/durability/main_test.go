//go:build interop && linux

package durability

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// insideVar is set in the environment of the process that runs the tests.
const insideVar = "SEALANE_DURABILITY_INSIDE"

var buildDir string

func TestMain(m *testing.M) {
	if os.Geteuid() == 0 && os.Getenv(insideVar) == "" {
		if code, err := runInside(); err == nil {
			os.Exit(code)
		}
		// This system makes no namespaces: t.Cleanup has to do.
	}
	os.Exit(run(m))
}

// runInside runs the tests in a process with a mount namespace and a process
// namespace of its own: with it end all mounts, their loop devices, and all
// processes, however it ends.
func runInside() (int, error) {
	runtime.LockOSThread() // the child dies with the thread that started it
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideVar+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() < 0:
		return 2, nil // a signal
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	}
	return 0, err
}

func run(m *testing.M) int {
	if os.Getenv(insideVar) != "" {
		// A process namespace needs its own view of the processes: /proc/self is
		// nobody in the old one.
		if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			fmt.Fprintln(os.Stderr, "mount /proc:", err)
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "sealane-durability-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	buildDir = dir
	return m.Run()
}
