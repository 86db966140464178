//go:build interop && linux

package durability

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// workers is how many uploads run at a time.
const workers = 8

// worker is a client that does one thing after the other to names that are its
// own, and remembers what it was told.
type worker struct {
	id      int
	r       *rand.Rand
	all     bool // MKD, RMD, DELE and RNTO, too
	version int
	known   map[string]state // what the replies say
	pending map[string]state // what the command without a reply would change
	counts  counts

	// off is set right before the power is cut. A command that is refused before
	// that is an error of the server.
	off *atomic.Bool
	// early ignores what is acknowledged after that. On XFS an fsync of a directory
	// that was to be logged when the file system was shut down returns without an
	// error (Linux 6.18), which no power cut makes it do: the machine is off then.
	early bool
}

// counts is what a test has to show.
type counts struct {
	acked, unanswered           int // commands
	lost, partial, stray, wrong int // findings
	notes                       []string
}

func (c *counts) add(o counts) {
	c.acked += o.acked
	c.unanswered += o.unanswered
	c.lost += o.lost
	c.partial += o.partial
	c.stray += o.stray
	c.wrong += o.wrong
	c.notes = append(c.notes, o.notes...)
}

func (c counts) String() string {
	return fmt.Sprintf("%d commands acknowledged, %d without an answer: %d lost, %d partial, %d stray, %d otherwise wrong",
		c.acked, c.unanswered, c.lost, c.partial, c.stray, c.wrong)
}

func (c counts) bad() bool { return c.lost+c.partial+c.stray+c.wrong > 0 }

// report fails the test for all findings, and where there was too little to find.
func (c counts) report(t *testing.T, rounds int) {
	t.Helper()
	for _, note := range c.notes {
		t.Error(note)
	}
	if c.bad() {
		t.Error(c)
	}
	if c.acked < rounds || c.unanswered < rounds {
		t.Errorf("%d rounds say little with such counts: %v", rounds, c)
	}
}

func crew(all bool) []*worker {
	var out []*worker
	for i := range workers {
		out = append(out, &worker{
			id: i, r: rand.New(rand.NewPCG(rand.Uint64(), 0)), all: all, known: map[string]state{}, off: new(atomic.Bool),
		})
	}
	return out
}

// name makes a name of this worker.
func (w *worker) name(kind string, n int) string { return fmt.Sprintf("w%d%s%d", w.id, kind, n) }

// run works until the connection breaks or the power is off. What is refused then
// is as unknown as what has no reply.
func (w *worker) run(t *testing.T, c *client) {
	t.Helper()
	for {
		code, err := w.step(c)
		off := w.off.Load()
		if err == nil && code >= 400 && !off {
			t.Errorf("a command was refused with %d: %v", code, w.pending)
		}
		if err != nil || code >= 400 || off && w.early {
			w.counts.unanswered++
			return
		}
		maps.Copy(w.known, w.pending)
		w.pending = nil
		w.counts.acked++
	}
}

func (w *worker) step(c *client) (int, error) {
	if w.all && w.r.IntN(2) == 0 {
		return w.arrange(c)
	}
	if w.r.IntN(8) == 0 {
		return w.resume(c)
	}
	w.version++
	name := w.name("keep", w.r.IntN(4)) // written over and over
	if w.r.IntN(2) == 0 {
		name = w.name("new", w.version)
	}
	w.pending = map[string]state{name: state(w.version)}
	return c.store(name, body(name, w.version, anySize(w.r)))
}

// resume uploads a file in two parts, since the connection breaks in between.
func (w *worker) resume(c *client) (int, error) {
	w.version++
	name := w.name("new", w.version)
	content := body(name, w.version, anySize(w.r))
	w.pending = map[string]state{name: state(w.version)}
	if code, err := c.breakOff(name, content[:w.r.IntN(len(content))]); err != nil || code != 426 {
		return code, err
	}
	have, err := c.size(name)
	if err != nil {
		return 0, err
	}
	if have >= len(content) {
		return 0, fmt.Errorf("SIZE of an upload that broke off: %d of %d", have, len(content))
	}
	return c.upload("STOR "+name, have, content[have:])
}

// arrange sends a command other than STOR that makes sense.
func (w *worker) arrange(c *client) (int, error) {
	dir, file := w.name("dir", 0), w.name("keep", w.r.IntN(4))
	moved := file + "~moved"
	switch has, n := w.known[file] > 0, w.r.IntN(4); {
	case n == 0 && w.known[dir] == directory:
		w.pending = map[string]state{dir: nothing}
		return c.cmd("RMD " + dir)
	case n == 0:
		w.pending = map[string]state{dir: directory}
		return c.cmd("MKD " + dir)
	case n == 1 && has:
		w.pending = map[string]state{file: nothing}
		return c.cmd("DELE " + file)
	case has:
		w.pending = map[string]state{file: nothing, moved: w.known[file]}
		return c.rename(file, moved)
	}
	w.version++
	w.pending = map[string]state{file: state(w.version)}
	return c.store(file, body(file, w.version, anySize(w.r)))
}

// audit compares what is there with what the worker was told, and takes it as the
// truth from then on. It takes its names out of found.
func (w *worker) audit(found map[string]state) (c counts) {
	maybe := maps.Clone(w.known)
	maps.Copy(maybe, w.pending)
	now := map[string]state{}
	for name := range maybe {
		now[name] = found[name]
		delete(found, name)
	}
	old, after := differ(now, w.known), differ(now, maybe)
	if len(old) > 0 && len(after) > 0 {
		for _, name := range old {
			switch {
			case now[name] == broken:
				c.partial++
			case w.known[name] > 0 && now[name] < w.known[name]:
				c.lost++
			default:
				c.wrong++
			}
			c.notes = append(c.notes, fmt.Sprintf("%s: acknowledged was %v, there is %v; without an answer: %v",
				name, w.known[name], now[name], w.pending))
		}
	}
	w.known, w.pending = now, nil
	return c
}

// differ lists the names in which two maps are not the same.
func differ(a, b map[string]state) []string {
	var out []string
	for name := range a {
		if a[name] != b[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// forget removes the new files from the disk and from memory, so that a long run
// does not fill it. It must not run beside the server's work.
func (w *worker) forget(t *testing.T, dir string) {
	t.Helper()
	for name, s := range w.known {
		if !strings.HasPrefix(name, w.name("new", 0)[:len(w.name("new", 0))-1]) {
			continue
		}
		if s != nothing {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
		delete(w.known, name)
	}
}

// connectAll logs in n times.
func connectAll(t *testing.T, s *server, n int) []*client {
	t.Helper()
	out, errs := make([]*client, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range out {
		wg.Go(func() { out[i], errs[i] = dial(s) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("client %d: %v\n%s", i, err, s.output.tail(4<<10))
		}
	}
	return out
}

// auditAll checks the folder after a kill or a cut: every worker's names, and that
// there is nothing else. The server has been started again.
func auditAll(t *testing.T, s *server, crew []*worker) (c counts) {
	t.Helper()
	found, wrong := survey(t, s.dir)
	c.notes = wrong
	for _, w := range crew {
		c.add(w.audit(found))
	}
	for name, state := range found {
		c.stray++
		c.notes = append(c.notes, fmt.Sprintf("a stray: %s, %v", name, state))
	}
	return c
}

// useless counts what the server keeps in its own folder although no client could
// go on with it: the rest of an upload that SIZE does not know, or that is not the
// beginning of what was sent. What is of use is dropped by DELE.
func useless(t *testing.T, s *server) (c counts) {
	t.Helper()
	kept := leftovers(t, s.dir)
	if len(kept) == 0 {
		return c
	}
	session, err := dial(s)
	if err != nil {
		t.Fatal(err)
	}
	defer session.close()
	for path, size := range kept {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		var name string
		var version, whole int
		if len(b) < headerLen {
			continue // nothing to tell it by
		}
		if _, err := fmt.Sscanf(string(b[:headerLen]), "sealane %s %d %d", &name, &version, &whole); err != nil {
			c.partial++
			c.notes = append(c.notes, fmt.Sprintf("%s: %d bytes that nobody sent", path, size))
			continue
		}
		known, err := session.size(name)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case int64(known) != size:
			c.stray++
			c.notes = append(c.notes, fmt.Sprintf("%s has %d bytes of %s, of which SIZE knows %d", path, size, name, known))
		case !bytes.HasPrefix(body(name, version, whole), b):
			c.partial++
			c.notes = append(c.notes, fmt.Sprintf("%s is not the beginning of version %d of %s", path, version, name))
		}
		if code, err := session.cmd("DELE " + name); err != nil || code != 250 {
			t.Errorf("DELE of an upload that broke off: %d, %v", code, err)
		}
	}
	return c
}
