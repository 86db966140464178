package main

import (
	"slices"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	// A name may hold brackets and spaces.
	line := "42 (a) b (c) S 7 40 40 0 -1 4194560 100 200 0 0 11 12 13 14 20 0 1 0 100 1 2"
	p, ok := parseStat([]byte(line))
	want := process{pid: 42, parent: 7, group: 40, cpu: 50 * tick}
	if !ok || p != want {
		t.Errorf("parseStat = %+v, %v, want %+v", p, ok, want)
	}
	for _, bad := range []string{"", "42", "42 (a", "x (a) S 7 40 40 0 -1 4194560 100 200 0 0 11 12 13 14", "42 (a) S 7 40 40", ") 1 ("} {
		if p, ok := parseStat([]byte(bad)); ok {
			t.Errorf("parseStat(%q) = %+v", bad, p)
		}
	}
}

func TestBelow(t *testing.T) {
	children := map[int][]process{}
	for _, p := range []process{
		{pid: 10, parent: 1, group: 10, cpu: time.Second},  // the server
		{pid: 11, parent: 10, group: 10, cpu: time.Second}, // a session
		{pid: 12, parent: 11, group: 12, cpu: time.Second}, // its child, in a group of its own
		{pid: 13, parent: 1, group: 10, cpu: time.Second},  // an orphan of the group
		{pid: 20, parent: 1, group: 20, cpu: time.Second},  // somebody else
		{pid: 21, parent: 20, group: 20, cpu: time.Second},
	} {
		children[p.parent] = append(children[p.parent], p)
	}
	var pids []int
	for _, p := range below(children, 10) {
		pids = append(pids, p.pid)
	}
	slices.Sort(pids)
	if !slices.Equal(pids, []int{10, 11, 12, 13}) {
		t.Errorf("below = %v", pids)
	}
}

func TestKilobytes(t *testing.T) {
	text := []byte("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n")
	if got := kilobytes(text, "VmRSS:"); got != 1<<20 {
		t.Errorf("VmRSS = %d", got)
	}
	if got := kilobytes(text, "Pss:"); got != 0 {
		t.Errorf("a missing field = %d", got)
	}
}
