//go:build interop && linux && !386

package durability

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// answer is what became of a command.
type answer struct {
	code int
	err  error
}

// holdUp makes a disk wait in the first call of a kind until release is called;
// entered is closed when it waits.
func holdUp(t *testing.T, d *disk, verb string) (entered chan struct{}, release func()) {
	t.Helper()
	entered = make(chan struct{})
	wait := make(chan struct{})
	release = sync.OnceFunc(func() { close(wait) })
	t.Cleanup(release)
	var once sync.Once
	d.hook(nil, func(c call) {
		if c.verb == verb {
			first := false
			once.Do(func() { first = true })
			if first {
				close(entered)
				<-wait
			}
		}
	})
	return entered, release
}

// TestSlowSync: while the disk takes its time with the fsync of one upload, or of
// its folder, other sessions log in, list, fetch and upload; the 226 comes after
// the fsync and not before (F-22). They stay out of that folder: the kernel itself
// locks a FUSE directory while it is synced.
func TestSlowSync(t *testing.T) {
	for _, verb := range []string{"fsync", "fsyncdir"} {
		t.Run(verb, func(t *testing.T) { variants(t, func(t *testing.T, kind traits) { slowSync(t, kind, verb) }) })
	}
}

func slowSync(t *testing.T, kind traits, verb string) {
	d := newDisk(kind)
	for _, dir := range []string{"dir", "slow"} {
		_, errno := d.create(rootNode, dir, true, 0o755)
		must(t, errno)
	}
	m := mountDisk(t, d)
	s := newServer(t, m.dir)
	s.start(t)
	// What the server makes once, it has made before.
	if code, err := connect(t, s).store("first", body("first", 1, 1000)); err != nil || code != 226 {
		t.Fatalf("%d, %v", code, err)
	}
	entered, release := holdUp(t, d, verb)
	answered := make(chan answer, 1)
	slow := connect(t, s)
	go func() {
		code, err := slow.store("slow/file", body("file", 1, sceneSize))
		answered <- answer{code, err}
	}()
	<-entered
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { others(t, s) })
	}
	wg.Wait()
	select {
	case a := <-answered:
		t.Fatalf("answered with %d, %v before the disk was done", a.code, a.err)
	default:
	}
	// In the long form, longer than any time that the server gives a peer.
	time.Sleep(time.Duration(pick(0, 40)) * time.Second)
	release()
	if a := <-answered; a.err != nil || a.code != 226 {
		t.Errorf("when the disk was done: %d, %v", a.code, a.err)
	}
}

// others is what somebody else does meanwhile.
func others(t *testing.T, s *server) {
	c, err := dial(s)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.close()
	for i, do := range []func() (int, error){
		func() (int, error) { return c.cmd("NOOP") },
		func() (int, error) { _, code, err := c.download("MLSD"); return code, err },
		func() (int, error) { _, code, err := c.download("RETR first"); return code, err },
		func() (int, error) { return c.store("dir/other", body("other", 1, sceneSize)) },
		func() (int, error) { _, code, err := c.download("RETR dir/other"); return code, err },
	} {
		if code, err := do(); err != nil || code >= 400 {
			t.Errorf("step %d beside a slow disk: %d, %v", i, code, err)
			return
		}
	}
}

// TestSlowSyncClient: the project's client waits for a 226 that takes longer than
// its time limit for silence on a connection that moves (F-22). 40 seconds, so in
// the long form only.
func TestSlowSyncClient(t *testing.T) {
	if !long() {
		t.Skip("takes 40 seconds; set INTEROP_LONG=1")
	}
	d := newDisk(traits{})
	m := mountDisk(t, d)
	s := newServer(t, m.dir)
	s.start(t)
	entered, release := holdUp(t, d, "fsync")
	go func() {
		<-entered
		time.Sleep(40 * time.Second)
		release()
	}()
	local := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(local, body("file", 1, sceneSize), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := sealanePut(t.Context(), t, s, local, "file")
	if err != nil {
		t.Errorf("sealane put: %v\n%s", err, out)
	}
}
