//go:build interop && linux && !386

package durability

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
)

// TestFailedSync: an fsync that fails is a 451 or 452 and is never repeated, since
// the kernel may have dropped the bytes and would report success; the old file is
// kept (D-04). What the fsync of a directory could not make safe may be there or
// not, and whole. A write that fails (S-79) is no better.
func TestFailedSync(t *testing.T) {
	for _, sc := range scenes()[:5] {
		for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT} {
			for _, verb := range []string{"fsync", "fsyncdir", "write"} {
				t.Run(fmt.Sprintf("%s,%s,%s", sc.name, verb, errnoName(errno)), func(t *testing.T) {
					variants(t, func(t *testing.T, kind traits) { sc.failedSync(t, kind, verb, errno) })
				})
			}
		}
	}
}

func errnoName(e syscall.Errno) string {
	return map[syscall.Errno]string{syscall.EIO: "EIO", syscall.ENOSPC: "ENOSPC", syscall.EDQUOT: "EDQUOT"}[e]
}

func (sc scene) failedSync(t *testing.T, kind traits, verb string, errno syscall.Errno) {
	d := newDisk(kind)
	sc.prepare(t, d)
	target := uint64(rootNode)
	if n, err := d.child(rootNode, "dir"); err == 0 {
		target = n.id
	}
	m := mountDisk(t, d)
	s := newServer(t, m.dir)
	s.start(t)
	c := connect(t, s)
	// A sync fails once, and would work if it were called again. The directory that
	// counts is the one that gets the name.
	failed := false
	d.hook(func(c call) syscall.Errno {
		if c.verb != verb || failed && verb != "write" || verb == "fsyncdir" && c.node != target {
			return 0
		}
		failed = true
		return errno
	}, nil)
	d.arm(-1)
	code, err := sc.run(c)
	if err != nil || code != 451 && code != 452 && code != 552 || errno == syscall.EIO && code != 451 {
		t.Errorf("answered with %d, %v", code, err)
	}
	syncs := map[uint64]int{}
	for _, c := range d.trace() {
		if c.err != 0 {
			syncs[c.node] = 1
		} else if c.verb == verb && syncs[c.node] > 0 && verb == "fsync" {
			t.Errorf("fsync is repeated on the same file")
		}
	}
	if len(syncs) != 1 {
		t.Errorf("%d nodes had a sync that failed, want 1: %v", len(syncs), d.trace())
	}
	d.hook(nil, nil)
	before, after, detail := sc.verdict(d)
	if !before && (verb != "fsyncdir" || !after) {
		t.Errorf("there is %s", detail)
	}
	// The session and the server go on, and the next upload succeeds.
	if code, err := c.store("next", body("next", 1, 1000)); err != nil || code != 226 {
		t.Errorf("the next upload: %d, %v", code, err)
	}
	s.kill()
	m.restart(t)
	if string(d.files()["next"]) != string(body("next", 1, 1000)) {
		t.Error("the next upload is lost after a power cut")
	}
	d.mu.Lock()
	delete(d.nodes[rootNode].names, "next")
	d.mu.Unlock()
	if before, after, detail = sc.verdict(d); !before && (verb != "fsyncdir" || !after) {
		t.Errorf("after a power cut there is %s", detail)
	}
}

// TestFailedGroup: 8 uploads at a time to one folder, one fsync in twenty of which
// fails, and saves nothing later either: whoever was told 226 finds his file after
// a power cut, though one fsync may serve several uploads (D-04).
func TestFailedGroup(t *testing.T) {
	variants(t, func(t *testing.T, kind traits) {
		d := newDisk(kind)
		m := mountDisk(t, d)
		s := newServer(t, m.dir)
		s.start(t)
		clients := connectAll(t, s, workers)
		count := 0
		d.hook(func(c call) syscall.Errno {
			if c.verb != "fsyncdir" || c.node != rootNode {
				return 0
			}
			if count++; count%20 != 5 {
				return 0
			}
			return syscall.EIO
		}, nil)
		acked := make([]map[string]bool, workers)
		refused := make([]int, workers)
		var wg sync.WaitGroup
		for i, c := range clients {
			acked[i] = map[string]bool{}
			wg.Go(func() {
				for n := range 25 {
					name := fmt.Sprintf("g%dn%d", i, n)
					switch code, err := c.store(name, body(name, 1, 1000)); {
					case err != nil:
						t.Error(err)
						return
					case code == 226:
						acked[i][name] = true
					default:
						refused[i]++
					}
				}
			})
		}
		wg.Wait()
		s.kill()
		m.detach(t)
		d.powerUp()
		found := d.files()
		total, no := 0, 0
		for i := range acked {
			no += refused[i]
			for name := range acked[i] {
				total++
				if string(found[name]) != string(body(name, 1, 1000)) {
					t.Errorf("%s was acknowledged, and there are %d bytes of it", name, len(found[name]))
				}
			}
		}
		t.Logf("D-04: %d uploads acknowledged, %d refused, %d syncs of the folder", total, no, count)
		if total == 0 || no == 0 || t.Failed() {
			t.Errorf("%d acknowledged, %d refused", total, no)
		}
	})
}
