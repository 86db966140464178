//go:build interop && linux

package durability

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// rivals are two servers on one folder, with the same account.
func rivals(t *testing.T) (a, b *server) {
	t.Helper()
	dir := t.TempDir()
	a, b = newServer(t, dir), newServer(t, dir)
	b.password = a.password
	a.start(t)
	b.start(t)
	return a, b
}

// TestTwoServers: two servers have one folder, and one of them is killed and
// started again and again. What their clients see is what one register a name
// could have shown, and nothing that the other server works on is swept away
// (F-24, S-77).
func TestTwoServers(t *testing.T) {
	a, b := rivals(t)
	rec := &recorder{refused: map[int]int{}}
	crew := players(8, rec)
	over := make(chan struct{})
	var steady sync.WaitGroup
	for _, p := range crew[:4] {
		c := connect(t, a)
		steady.Go(func() {
			if lost := p.play(t, c, over); lost != nil {
				t.Errorf("the server that was left alone did not answer: %v", lost)
			}
		})
	}
	kills := pick(8, 60)
	for range kills {
		clients := connectAll(t, b, 4)
		lost := make([]*op, 4)
		var wg sync.WaitGroup
		for i, p := range crew[4:] {
			wg.Go(func() {
				defer clients[i].close()
				lost[i] = p.play(t, clients[i], nil)
			})
		}
		time.Sleep(200 * time.Millisecond)
		b.kill()
		gone := rec.tick()
		wg.Wait()
		rec.settle(lost, gone)
		b.start(t)
	}
	close(over)
	steady.Wait()
	judgeHistory(t, "F-24", rec, kills)
	a.stop(t)
	b.stop(t)
}

// TestTwoServersInTheMiddle: an upload that one server is receiving, and one that
// broke off there, outlive the start of another server, which sweeps the folder
// (F-24).
func TestTwoServersInTheMiddle(t *testing.T) {
	a, b := rivals(t)
	cut := connect(t, a)
	broken := body("broken", 1, mib)
	leave(t, cut, "broken", broken[:mib/2])
	kept := sizeOf(t, a, "broken")

	c := connect(t, a)
	content := body("slow", 1, 2*mib)
	d, code, err := c.open("STOR slow", 0)
	if err != nil || code != 150 {
		t.Fatalf("STOR: %d, %v", code, err)
	}
	defer d.Close()
	for part := range 4 {
		if _, err := d.Write(content[part*mib/2 : (part+1)*mib/2]); err != nil {
			t.Fatal(err)
		}
		b.kill()
		b.start(t)
	}
	if err := d.finish(); err != nil {
		t.Fatal(err)
	}
	if code, err := c.reply(); err != nil || code != 226 {
		t.Errorf("the upload in the middle: %d, %v", code, err)
	}
	if got, err := os.ReadFile(filepath.Join(a.dir, "slow")); err != nil || string(got) != string(content) {
		t.Errorf("%d bytes are there, %v", len(got), err)
	}
	if now := sizeOf(t, a, "broken"); now != kept {
		t.Errorf("the broken upload had %q, and has %q after the start of the other server", kept, now)
	}
	if !strings.HasPrefix(kept, "213 ") {
		t.Errorf("the server does not know the upload that broke off: %s", kept)
	}
	finishBroken(t, b, "broken", broken)
}

// finishBroken goes on with an upload that broke off, by SIZE, REST and STOR.
func finishBroken(t *testing.T, s *server, name string, content []byte) {
	t.Helper()
	var have int
	if _, err := fmt.Sscanf(sizeOf(t, s, name), "213 %d", &have); err != nil || have >= len(content) {
		return // nothing to go on with
	}
	c := connect(t, s)
	if code, err := c.upload("STOR "+name, have, content[have:]); err != nil || code != 226 {
		t.Errorf("the rest of %s, from %d: %d, %v", name, have, code, err)
	}
	if got, err := os.ReadFile(filepath.Join(s.dir, name)); err != nil || string(got) != string(content) {
		t.Errorf("%s has %d bytes, and not the right ones, %v", name, len(got), err)
	}
}

// leave is breakOff in a test that cannot go on without.
func leave(t *testing.T, c *client, name string, part []byte) {
	t.Helper()
	if code, err := c.breakOff(name, part); err != nil || code != 426 {
		t.Fatalf("a cut upload: %d, %v", code, err)
	}
}

// sizeOf is the reply to SIZE: "213 N", or that there is no such file.
func sizeOf(t *testing.T, s *server, name string) string {
	t.Helper()
	c := connect(t, s)
	if err := c.send("SIZE " + name); err != nil {
		t.Fatal(err)
	}
	code, text, err := c.replyText()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", code, text)
}

// TestTwoServersAppend: APPE to one file by both servers at once: each is whole
// and in the file once, or was refused (F-24, S-77).
func TestTwoServersAppend(t *testing.T) {
	a, b := rivals(t)
	clients := []*client{connect(t, a), connect(t, b), connect(t, a), connect(t, b)}
	acked := map[int]bool{}
	refused := map[int]int{}
	rounds := pick(40, 400)
	for round := range rounds {
		codes := make([]int, len(clients))
		errs := make([]error, len(clients))
		var wg sync.WaitGroup
		for i, c := range clients {
			wg.Go(func() {
				codes[i], errs[i] = c.upload("APPE log", 0, body("entry", round*10+i+1, 2*kib))
			})
		}
		wg.Wait()
		for i, code := range codes {
			switch {
			case errs[i] != nil:
				t.Fatal(errs[i])
			case code == 226:
				acked[round*10+i+1] = true
			default:
				refused[code]++
			}
		}
	}
	content, err := os.ReadFile(filepath.Join(a.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]bool{}
	for ; len(content) >= 2*kib; content = content[2*kib:] {
		_, version, err := whole(content[:2*kib])
		switch {
		case err != nil:
			t.Fatal(err)
		case found[version]:
			t.Errorf("entry %d is in the file twice", version)
		case !acked[version]:
			t.Errorf("entry %d was refused and is in the file", version)
		}
		found[version] = true
	}
	for version := range acked {
		if !found[version] {
			t.Errorf("entry %d was acknowledged and is not in the file", version)
		}
	}
	t.Logf("F-24: %d appends acknowledged, refused: %v", len(acked), refused)
	if len(content) != 0 || len(acked) < rounds {
		t.Errorf("%d bytes at the end, %d appends acknowledged in %d rounds", len(content), len(acked), rounds)
	}
	for code := range refused {
		if code != 450 {
			t.Errorf("a reply of %d", code)
		}
	}
}
