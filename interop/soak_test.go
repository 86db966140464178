//go:build interop

package interop

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSoak: random sessions, one in twenty with a fault, for 10 minutes in the
// long form. Every valid one must do all that it tries at the first attempt, and
// in the end the process must be what it was after the warm-up: descriptors,
// threads, memory (SP-14, S-60, F-13).
func TestSoak(t *testing.T) {
	warm, length := 4*time.Second, 15*time.Second
	if long() {
		warm, length = 30*time.Second, 10*time.Minute
	}
	s := serve(t)
	for name, data := range map[string][]byte{soakBig: pattern(soakBig, soakBigSize), soakSmall: pattern(soakSmall, soakNameSize)} {
		if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fresh := s.usage(t)
	fresh.descriptors++ // the hidden folder of unfinished uploads, open from the first one on
	soak(t, s, "warm-up", warm)
	before := s.settled(t, fresh)
	soak(t, s, "soak", length)
	after := s.settled(t, fresh)
	t.Logf("the process: fresh %v; after the warm-up %v; after the soak %v", fresh, before, after)
	if after.descriptors > fresh.descriptors {
		t.Errorf("%d descriptors at the start, with the one to come, and %d at the end", fresh.descriptors, after.descriptors)
	}
	if after.threads > before.threads+8 {
		t.Errorf("%d threads after the warm-up and %d at the end", before.threads, after.threads)
	}
	if most := before.memory + memorySlack(); after.memory > most {
		t.Errorf("%d MiB after the warm-up and %d at the end, want %d at most", before.memory/mib, after.memory/mib, most/mib)
	}
	for _, w := range []way{{version: tls.VersionTLS13}, {version: tls.VersionTLS12, implicit: true}} {
		p, err := newPeer(s, w)
		if err != nil {
			t.Fatalf("after all, no login: %v", err)
		}
		if err := p.check(soakSmall, pattern(soakSmall, soakNameSize)); err != nil {
			t.Errorf("after all: %v", err)
		}
		if err := p.quit(); err != nil {
			t.Errorf("after all: %v", err)
		}
	}
}

// soakers is how many sessions there are at once.
const soakers = 12

// soak lets sessions come and go for so long, and reports on them.
func soak(t *testing.T, s *server, label string, length time.Duration) {
	t.Helper()
	seed := rand.Uint64()
	done := make(chan struct{})
	timer := time.AfterFunc(length, func() { close(done) })
	defer timer.Stop()
	all := &report{counts: make(map[string]int)}
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range soakers {
		w, err := newSoaker(s, label, i, seed, all)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { w.work(done) })
	}
	wg.Wait()
	took := time.Since(begin)
	log := s.drained(t)
	t.Logf("%s, seed %d: %d sessions with %d steps and %d faults in %v, %.0f steps/s, %d MiB moved; %v; the server counts %v in all",
		label, seed, all.counts["session"], all.steps, all.faults, took.Round(time.Second),
		float64(all.steps)/took.Seconds(), all.bytes/mib, all, log)
	for _, err := range all.errors {
		t.Errorf("%s, seed %d: %v", label, seed, err)
	}
}

// report is what all soakers did.
type report struct {
	mu            sync.Mutex
	counts        map[string]int
	steps, faults int
	bytes         int64
	errors        []error
}

func (r *report) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, r.counts[name]))
	}
	return strings.Join(parts, ", ")
}

func (r *report) count(name string, bytes int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[name]++
	r.bytes += int64(bytes)
	if err != nil && len(r.errors) < 20 {
		r.errors = append(r.errors, fmt.Errorf("%s: %w", name, err))
	}
}

// next is the fault of this session, if it is the turn of one: each kind in turn,
// so that short forms have all of them.
func (r *report) next() *fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	if (r.counts["session"]+10)%20 != 0 {
		return nil
	}
	r.faults++
	return &faults()[r.faults%len(faults())]
}

// soaker is one client after another in a folder of its own.
type soaker struct {
	s     *server
	from  string
	dir   string
	files map[string]int // sizes by name
	born  int
	rand  *rand.Rand
	all   *report
}

func newSoaker(s *server, label string, i int, seed uint64, all *report) (*soaker, error) {
	w := &soaker{
		s: s, dir: fmt.Sprintf("/%s-%02d", label, i), files: make(map[string]int),
		rand: rand.New(rand.NewPCG(seed, uint64(i))), all: all,
	}
	if runtime.GOOS == "linux" { // where all of 127.0.0.0/8 is this machine
		w.from = fmt.Sprintf("127.0.0.%d", 1+i%4)
	}
	return w, os.Mkdir(filepath.Join(s.dir, w.dir), 0o755)
}

func (w *soaker) work(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		f := w.all.next()
		w.all.count("session", 0, w.session(f))
	}
}

// session is one session, with a fault in the middle unless f is nil.
func (w *soaker) session(f *fault) error {
	p, err := newPeer(w.s, way{
		from: w.from, implicit: w.rand.IntN(2) == 0, early: w.rand.IntN(2) == 0,
		version: []uint16{tls.VersionTLS12, tls.VersionTLS13}[w.rand.IntN(2)],
	})
	if err != nil {
		return err
	}
	defer p.drop()
	if err := w.steps(p); err != nil {
		return err
	}
	if f != nil {
		alive, err := f.do(p, w.rand)
		w.all.count(f.name, 0, err)
		if !alive || err != nil {
			return nil
		}
		if err := errors.Join(p.command(200, "NOOP"), w.steps(p)); err != nil {
			return fmt.Errorf("after %s: %w", f.name, err)
		}
	}
	return p.quit()
}

// steps are some that must succeed.
func (w *soaker) steps(p *peer) error {
	for range 2 + w.rand.IntN(10) {
		name, n, err := w.step(p)
		w.all.count(name, n, err)
		if err != nil {
			return fmt.Errorf("given up after %s", name)
		}
		w.all.mu.Lock()
		w.all.steps++
		w.all.mu.Unlock()
	}
	return nil
}

// step is one of what people do; n is how many bytes it moved.
func (w *soaker) step(p *peer) (name string, n int, err error) {
	if len(w.files) == 0 {
		return w.upload(p)
	}
	file := slices.Sorted(maps.Keys(w.files))[w.rand.IntN(len(w.files))]
	size := w.files[file]
	switch pick := w.rand.IntN(10); {
	case pick < 3:
		return w.upload(p)
	case pick < 6:
		// The content names the upload, which renaming keeps.
		birth, _, _ := strings.Cut(file, "+")
		return "download", size, p.check(file, pattern(birth, size))
	case pick < 8:
		return "list", 0, w.list(p)
	case pick == 8:
		to := file + "+"
		if err := errors.Join(p.command(350, "RNFR "+file), p.command(250, "RNTO "+to)); err != nil {
			return "rename", 0, err
		}
		delete(w.files, file)
		w.files[to] = size
		return "rename", 0, nil
	default:
		delete(w.files, file)
		return "delete", 0, p.command(250, "DELE "+file)
	}
}

func (w *soaker) upload(p *peer) (string, int, error) {
	w.born++
	file := fmt.Sprintf("%s/%d", w.dir, w.born)
	size := w.rand.IntN(256 * kib)
	if w.rand.IntN(4) == 0 {
		size = w.rand.IntN(3)
	}
	w.files[file] = size
	return "upload", size, p.put(file, pattern(file, size))
}

// list wants all files of the folder and no other.
func (w *soaker) list(p *peer) error {
	text, err := p.get("NLST " + w.dir)
	if err != nil {
		return err
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		got = append(got, w.dir+"/"+filepath.Base(strings.TrimSpace(line)))
	}
	slices.Sort(got)
	if want := slices.Sorted(maps.Keys(w.files)); !slices.Equal(got, want) {
		return fmt.Errorf("NLST: %d names, want %d: %q, want %q", len(got), len(want), got, want)
	}
	return nil
}
