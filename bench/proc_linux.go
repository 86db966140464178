package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of times in /proc: USER_HZ is 100 on all architectures that
// Go runs on.
const tick = 10 * time.Millisecond

// process is what /proc/PID/stat says.
type process struct {
	pid, parent, group int
	cpu                time.Duration // own, and of the children that it waited for
}

// parseStat reads a line of /proc/PID/stat; see proc_pid_stat(5). The name, in
// brackets, may hold anything.
func parseStat(line []byte) (process, bool) {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return process{}, false
	}
	f := strings.Fields(string(line[end+1:]))
	if len(f) < 15 {
		return process{}, false
	}
	var p process
	var err error
	if p.pid, err = strconv.Atoi(strings.TrimSpace(string(line[:open]))); err != nil {
		return p, false
	}
	if p.parent, err = strconv.Atoi(f[1]); err != nil {
		return p, false
	}
	if p.group, err = strconv.Atoi(f[2]); err != nil {
		return p, false
	}
	for _, field := range f[11:15] { // utime stime cutime cstime
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return p, false
		}
		p.cpu += time.Duration(n) * tick
	}
	return p, true
}

// tree lists a process, all below it, and all in its process group.
func tree(root int) ([]process, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]process{}
	for _, name := range stats {
		line, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		if p, ok := parseStat(line); ok {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	return below(children, root), nil
}

// below picks from all processes, by parent, those that belong to root.
func below(children map[int][]process, root int) []process {
	in := map[int]process{}
	var add func(p process)
	add = func(p process) {
		if _, known := in[p.pid]; known {
			return
		}
		in[p.pid] = p
		for _, child := range children[p.pid] {
			add(child)
		}
	}
	for _, siblings := range children {
		for _, p := range siblings {
			if p.pid == root || p.group == root {
				add(p)
			}
		}
	}
	all := make([]process, 0, len(in))
	for _, p := range in {
		all = append(all, p)
	}
	return all
}

// treeCPU is the sum over the tree. A child that was waited for is in the time
// of its parent; one that ended with SIGCHLD ignored is lost.
func treeCPU(root int) (time.Duration, error) {
	all, err := tree(root)
	var sum time.Duration
	for _, p := range all {
		sum += p.cpu
	}
	return sum, err
}

func treePIDs(root int) ([]int, error) {
	all, err := tree(root)
	pids := make([]int, len(all))
	for i, p := range all {
		pids[i] = p.pid
	}
	return pids, err
}

// memory sums a field of a file in /proc/PID, in bytes, over the processes of a
// group: "VmRSS:" or "VmHWM:" in status, "Pss:" in smaps_rollup.
func (g *group) memory(file, field string) (int64, error) {
	pids, err := g.pids()
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, pid := range pids {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return 0, err
		}
		sum += kilobytes(text, field)
	}
	return sum, nil
}

// kilobytes reads "field: N kB" and gives bytes; 0 if the field is missing, as
// in a process that has ended but was not waited for.
func kilobytes(text []byte, field string) int64 {
	for l := range strings.Lines(string(text)) {
		if f := strings.Fields(l); len(f) == 3 && f[0] == field {
			n, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// forgetPeak makes VmHWM start from VmRSS again; see proc_pid_clear_refs(5).
func (g *group) forgetPeak() error {
	pids, err := g.pids()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		err := os.WriteFile(filepath.Join("/proc", strconv.Itoa(pid), "clear_refs"), []byte("5"), 0)
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// busy is how long the cores of the machine were not idle, since it started.
func busy() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	f := strings.Fields(first)
	if len(f) < 9 {
		return 0, errors.New("/proc/stat has too few fields")
	}
	var ticks int64
	for i, field := range f[1:9] { // user nice system idle iowait irq softirq steal
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		if i != 3 && i != 4 {
			ticks += n
		}
	}
	return time.Duration(ticks) * tick, nil
}

// own is the CPU time of this program.
func own() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// raiseFiles allows as many descriptors as the system lets us have.
func raiseFiles() (uint64, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	l.Cur = l.Max
	return uint64(l.Cur), syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}

// machine describes where a run took place.
func machine() []string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for l := range strings.Lines(string(text)) {
			if name, value, found := strings.Cut(l, ":"); found && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	facts := []string{"processor: " + model}
	for _, f := range [][2]string{{"kernel", "/proc/sys/kernel/osrelease"}, {"Debian", "/etc/debian_version"}} {
		if text, err := os.ReadFile(f[1]); err == nil {
			facts = append(facts, f[0]+": "+strings.TrimSpace(string(text)))
		}
	}
	return facts
}

// load is the load average of the last minute, or a dash.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "-"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
