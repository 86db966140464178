//go:build interop

package interop

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// usage is what a process holds.
type usage struct {
	descriptors, threads int
	memory               int64 // resident, in bytes
}

func (u usage) String() string {
	return fmt.Sprintf("%d descriptors, %d threads, %.1f MiB", u.descriptors, u.threads, float64(u.memory)/mib)
}

// usage reads /proc; other systems than Linux show nothing.
func (s *server) usage(t *testing.T) usage {
	t.Helper()
	if runtime.GOOS != "linux" {
		return usage{}
	}
	proc := fmt.Sprintf("/proc/%d/", s.pid)
	u := usage{descriptors: len(entries(t, proc+"fd"))}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "Threads":
			u.threads = int(n)
		case "VmRSS":
			u.memory = n * kib
		}
	}
	if u.threads == 0 || u.memory == 0 {
		t.Fatalf("%sstatus has no threads or no memory:\n%s", proc, status)
	}
	return u
}

// settled waits until the process holds no more descriptors than when it was
// fresh, at most for as long as a data port may wait for a session that does not
// come. The long form also gives memory the time to come back: passwords cost
// 19 MiB each, which the runtime collects after two minutes at the latest.
func (s *server) settled(t *testing.T, fresh usage) usage {
	t.Helper()
	patience := 45 * time.Second
	if long() {
		patience = 150 * time.Second
	}
	late := time.After(patience)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		u := s.usage(t)
		if u.descriptors <= fresh.descriptors && (!long() || u.memory <= fresh.memory) {
			return u
		}
		select {
		case <-late:
			return u
		case <-again.C:
		}
	}
}

// memorySlack is by how much memory may differ that settled has waited for.
func memorySlack() int64 {
	if long() {
		return 16 * mib
	}
	return 64 * mib // what a few logins leave to collect
}
