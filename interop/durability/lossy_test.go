//go:build interop && linux && !386

package durability

import (
	"fmt"
	"strings"
	"testing"
)

// TestEveryCall: the power fails before the first, the second, ... the last call
// of a command that changes the disk, which keeps nothing but what was synced.
// However far it came: acknowledged is done, and everything else is as before or
// done, and whole (D-05, D-06, D-07).
func TestEveryCall(t *testing.T) {
	for _, sc := range scenes() {
		t.Run(sc.name, func(t *testing.T) {
			variants(t, func(t *testing.T, kind traits) {
				for _, breach := range sc.everyCall(t, kind) {
					t.Error(breach)
				}
			})
		})
	}
}

// TestEveryCallKilled: the server dies before the first, the second, ... the last
// call, and all that it wrote is there: no client sees a part of a file, and when
// the server is started again, nothing is left of what nobody can use (D-01, F-03).
func TestEveryCallKilled(t *testing.T) {
	for _, sc := range scenes() {
		t.Run(sc.name, func(t *testing.T) {
			variants(t, func(t *testing.T, kind traits) {
				kind.keeps = true
				for _, breach := range sc.everyCall(t, kind) {
					t.Error(breach)
				}
			})
		})
	}
}

// TestEveryCallBites: on a disk that says yes to fsync and does nothing, the same
// commands break the promise, and it shows.
func TestEveryCallBites(t *testing.T) {
	for _, sc := range scenes() {
		t.Run(sc.name, func(t *testing.T) {
			if len(sc.everyCall(t, traits{liar: true})) == 0 {
				t.Error("nothing was lost, although nothing was synced")
			}
		})
	}
}

// everyCall plays the scene once for every call, on disks of a kind, and tells
// where the promise was broken.
func (sc scene) everyCall(t *testing.T, kind traits) (breaches []string) {
	t.Helper()
	fresh := func() *disk {
		d := newDisk(kind)
		sc.prepare(t, d)
		return d
	}
	m := mountDisk(t, fresh())
	s := newServer(t, m.dir)
	acked, undone, whole := 0, 0, 0
	for n := 0; ; n++ {
		d := m.disk
		s.start(t)
		c := connect(t, s)
		if sc.broken {
			leave(t, c, "a", longer(0)[:sceneSize])
			d.syncAll()
		}
		d.arm(n)
		code, err := sc.run(c)
		var verbs []string
		for _, call := range d.trace() {
			verbs = append(verbs, call.verb)
		}
		cut := d.cut()
		s.kill()
		m.detach(t)
		d.powerUp()
		before, after, detail := sc.verdict(d)
		ok := err == nil && code < 300
		if (sc.broken || kind.keeps) && !kind.liar {
			sc.again(t, m, s, n, !after)
		}
		switch {
		case ok && !after, !before && !after:
			breaches = append(breaches, fmt.Sprintf("cut before call %d (after %v): answered with %d, and there is %s", n, verbs, code, detail))
		case !cut && !ok:
			t.Errorf("without a cut: %d, %v", code, err)
		}
		switch {
		case ok:
			acked++
		case after:
			whole++
		default:
			undone++
		}
		if !cut || n == 200 {
			t.Logf("D-05: %d cuts: %d acknowledged, %d not and done, %d not and as before; %d breaches; calls: %v",
				n, acked, whole, undone, len(breaches), verbs)
			return breaches
		}
		m.disk = fresh()
		if err := m.attach(); err != nil {
			t.Fatal(err)
		}
	}
}

// again starts the server on the disk that a cut or a kill has left: it sweeps
// away what nobody can use, and what it still has of an upload that broke off are
// the bytes that were sent.
func (sc scene) again(t *testing.T, m *mounted, s *server, n int, unfinished bool) {
	t.Helper()
	if err := m.attach(); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	have := 0
	if unfinished && sc.broken {
		size, err := connect(t, s).size("a")
		if err != nil {
			t.Error(err)
		}
		have = size
	}
	if have > 0 {
		code, err := connect(t, s).upload("STOR a", have, longer(have))
		if err != nil || code != 226 {
			t.Errorf("cut before call %d: the rest from %d: %d, %v", n, have, code, err)
		}
		if _, after, detail := sc.verdict(m.disk); !after {
			t.Errorf("cut before call %d, continued from %d: there is %s", n, have, detail)
		}
	}
	for path, content := range m.files() {
		// Where every directory is synced for itself, a name that was moved out of
		// a folder can come back to it.
		moved := sc.broken && !m.keeps && string(content) == string(longer(0))
		if strings.HasPrefix(path, private+"/") && len(content) > 0 && !moved {
			t.Errorf("cut before call %d: %s is left, %d bytes", n, path, len(content))
		}
	}
	s.kill()
	m.detach(t)
}

// TestOrderFallback is TestOrder where O_TMPFILE does not work (D-03, D-06).
func TestOrderFallback(t *testing.T) {
	d := newDisk(traits{noTmpfile: true})
	_, errno := d.create(rootNode, "sub", true, 0o755)
	must(t, errno)
	inOrder(t, mountDisk(t, d).dir)
}
