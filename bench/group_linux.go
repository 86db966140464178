package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// groupMaker starts servers in accounting groups of their own.
type groupMaker struct {
	parent string // folder of a cgroup v2 that may have children; empty: proc
}

// newGroupMaker takes kind cgroup, proc or auto.
func newGroupMaker(kind string) (groupMaker, error) {
	if kind == "proc" {
		return groupMaker{}, nil
	}
	if kind != "cgroup" && kind != "auto" {
		return groupMaker{}, fmt.Errorf("-accounting %s: it can be cgroup, proc or auto", kind)
	}
	parent, err := writableCgroup()
	if err != nil && kind == "cgroup" {
		return groupMaker{}, fmt.Errorf("-accounting cgroup: %w", err)
	}
	return groupMaker{parent: parent}, nil
}

func (m groupMaker) String() string {
	if m.parent == "" {
		return "proc: utime, stime and those of reaped children, of all processes in the tree, in /proc (10 ms steps)"
	}
	return "cgroup v2: usage_usec in cpu.stat, of a group for each server"
}

// writableCgroup finds a cgroup v2 below which a group can be made.
func writableCgroup() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	own := "/"
	if text, err := os.ReadFile("/proc/self/cgroup"); err == nil {
		for l := range strings.Lines(string(text)) {
			if path, found := strings.CutPrefix(l, "0::"); found {
				own = strings.TrimSpace(path)
			}
		}
	}
	for l := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(l, " - ")
		fields := strings.Fields(before)
		if !strings.HasPrefix(after, "cgroup2 ") || len(fields) < 5 {
			continue
		}
		parent := filepath.Join(fields[4], own)
		probe := filepath.Join(parent, groupName("probe"))
		if os.Mkdir(probe, 0o755) != nil {
			continue
		}
		_, err := usage(probe)
		os.Remove(probe)
		if err == nil {
			return parent, nil
		}
	}
	return "", errors.New("there is no writable cgroup v2")
}

func groupName(of string) string { return fmt.Sprintf("sealane-bench-%d-%s", os.Getpid(), of) }

// usage reads the CPU time of a cgroup. cpu.stat is there in every cgroup v2,
// whether the cpu controller is on or not.
func usage(dir string) (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join(dir, "cpu.stat"))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(text)) {
		if f := strings.Fields(l); len(f) == 2 && f[0] == "usage_usec" {
			us, err := strconv.ParseInt(f[1], 10, 64)
			return time.Duration(us) * time.Microsecond, err
		}
	}
	return 0, errors.New("cpu.stat has no usage_usec")
}

// group is a server with all its processes.
type group struct {
	cmd  *exec.Cmd
	dir  string // cgroup; empty: the process group and tree of cmd
	done chan struct{}
}

func (m groupMaker) start(cmd *exec.Cmd, name string) (*group, error) {
	g := &group{cmd: cmd, done: make(chan struct{})}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if m.parent != "" {
		g.dir = filepath.Join(m.parent, groupName(name))
		if err := os.Mkdir(g.dir, 0o755); err != nil {
			return nil, err
		}
		f, err := os.Open(g.dir)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		cmd.SysProcAttr.UseCgroupFD = true
		cmd.SysProcAttr.CgroupFD = int(f.Fd())
	}
	if err := cmd.Start(); err != nil {
		if g.dir != "" {
			os.Remove(g.dir)
		}
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // servers end by a signal
		close(g.done)
	}()
	return g, nil
}

// ended is closed when the first process has ended.
func (g *group) ended() <-chan struct{} { return g.done }

// cpu is the CPU time that the server has used so far, user and system.
func (g *group) cpu() (time.Duration, error) {
	if g.dir != "" {
		return usage(g.dir)
	}
	return treeCPU(g.cmd.Process.Pid)
}

func (g *group) pids() ([]int, error) {
	if g.dir == "" {
		return treePIDs(g.cmd.Process.Pid)
	}
	text, err := os.ReadFile(filepath.Join(g.dir, "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	var pids []int
	for l := range strings.Lines(string(text)) {
		if pid, err := strconv.Atoi(strings.TrimSpace(l)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// stop ends all processes and waits for them.
func (g *group) stop() {
	_ = syscall.Kill(g.cmd.Process.Pid, syscall.SIGTERM) // it may have ended
	select {
	case <-g.done:
	case <-time.After(300 * time.Millisecond):
	}
	// Again and again: a process may fork between the listing and its end.
	for range 100 {
		pids, err := g.pids()
		if err != nil || len(pids) == 0 {
			break
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
		time.Sleep(10 * time.Millisecond)
	}
	<-g.done
	if g.dir != "" {
		for range 100 {
			if os.Remove(g.dir) == nil {
				return
			}
			time.Sleep(10 * time.Millisecond) // dead processes leave a cgroup late
		}
	}
}

// asAccount makes a command run as account, for servers that do not change to it.
func asAccount(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: accountID, Gid: accountID}}
}
