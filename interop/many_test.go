//go:build interop && linux

package interop

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// idleMemory is what an idle session may take: docs/design/0005-memory.md measures
// 15 KiB, and this is no benchmark.
const idleMemory = 40 * kib

// F-14: many sessions idle while others work: 1,000 and 100 in the long form, 200
// and 20 in the short one. All transfers are right at the first attempt, an idle
// session costs little memory and no thread, and each is there when it wakes.
func TestF14IdleAndActive(t *testing.T) {
	idle, active := 200, 20
	if long() {
		idle, active = 1000, 100
	}
	s := serve(t, "--config", settings(t, "[limits]\nsessions_per_address = 5000\nidle = \"30m\"\n"))
	if err := os.WriteFile(filepath.Join(s.dir, soakSmall), pattern(soakSmall, soakNameSize), 0o644); err != nil {
		t.Fatal(err)
	}
	enter := func(n int) []*peer {
		peers := make([]*peer, n)
		var all sync.WaitGroup
		for i := range peers {
			all.Go(func() {
				p, err := newPeer(s, way{
					// All of 127.0.0.0/8 is this machine. One address may have 8 transfers on
					// 8 ports and 64 that wait.
					from:    fmt.Sprintf("127.0.0.%d", 1+i%4),
					version: []uint16{tls.VersionTLS12, tls.VersionTLS13}[i%2],
				})
				if err != nil {
					t.Error(err)
					return
				}
				t.Cleanup(p.drop)
				peers[i] = p
			})
		}
		all.Wait()
		if t.Failed() {
			t.FailNow()
		}
		return peers
	}
	workers := enter(active)
	before := s.usage(t)
	sleepers := enter(idle)
	after := s.usage(t)
	t.Logf("%v with %d sessions, %v with %d more", before, active, after, idle)
	// The garbage of a login is there or not, as it happens: docs/design/0005-memory.md.
	if most := before.memory + int64(idle)*idleMemory + memorySlack(); after.memory > most {
		t.Errorf("%d MiB with the idle sessions, want %d at most", after.memory/mib, most/mib)
	}
	var all sync.WaitGroup
	for i, p := range workers {
		all.Go(func() {
			for round := range 10 {
				name := fmt.Sprintf("/worker-%d-%d", i, round)
				err := errors.Join(p.put(name, pattern(name, 50*kib)), p.check(name, pattern(name, 50*kib)),
					p.check(soakSmall, pattern(soakSmall, soakNameSize)), p.command(250, "DELE "+name))
				if err != nil {
					t.Errorf("worker %d: %v", i, err)
					return
				}
			}
		})
	}
	all.Wait()
	busy := s.usage(t)
	if busy.threads > active+32 {
		t.Errorf("%d threads for %d workers", busy.threads, active)
	}
	for i, p := range append(sleepers, workers...) {
		if err := errors.Join(p.command(200, "NOOP"), p.quit()); err != nil {
			t.Errorf("session %d: %v", i, err)
		}
	}
	log := s.drained(t)
	if want := active * 10; log.refused != 0 || log.moved["STOR"] != want || log.moved["RETR"] != 2*want {
		t.Errorf("the server counts %v, want %d STOR, %d RETR and nothing refused", log, want, 2*want)
	}
}
