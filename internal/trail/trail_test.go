package trail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// shaky is a file that fails when it is told to, half way through a line, as on a full
// disk.
type shaky struct {
	logFile
	full *atomic.Bool
}

var errFullDisk = errors.New("no space left on device")

func (s shaky) Write(b []byte) (int, error) {
	if s.full.Load() {
		n, _ := s.logFile.Write(b[:len(b)/2])
		return n, errFullDisk
	}
	return s.logFile.Write(b)
}

func (s shaky) Truncate(size int64) error {
	if s.full.Load() {
		return errFullDisk
	}
	return s.logFile.Truncate(size)
}

func count(t *testing.T, dir string, kind Kind) (n int) {
	t.Helper()
	files, err := Files(dir)
	if err == nil {
		_, err = Scan(context.Background(), files, func(l Line, _ []byte) error {
			if l.Event.Kind == kind {
				n++
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// F-11: on a full disk nobody waits, what is lost is counted, and when there is room
// again the loss is recorded and the chain is whole.
func TestF11DiskFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var full atomic.Bool
		tr, err := Open(Options{Dir: dir, queue: 20, open: func(name string, flag int) (logFile, error) {
			f, err := openFile(name, flag)
			return shaky{f, &full}, err
		}})
		if err != nil {
			t.Fatal(err)
		}
		sent := 0
		send := func(n int) {
			for range n {
				tr.Record(transferred(sent))
				sent++
			}
			time.Sleep(time.Second)
		}
		send(10)
		if err := tr.Healthy(); err != nil {
			t.Fatal(err)
		}
		full.Store(true)
		send(5)
		if err := tr.Healthy(); !errors.Is(err, errFullDisk) {
			t.Errorf("on a full disk: %v", err)
		}
		send(100)
		send(100)
		full.Store(false)
		time.Sleep(3 * time.Second)
		if err := tr.Healthy(); err != nil {
			t.Errorf("with room again: %v", err)
		}
		send(1)
		if err := tr.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		r := mustVerify(t, dir, Expect{})
		if len(r.Findings) > 0 || r.Losses == 0 || int(r.Losses)+count(t, dir, "transfer") != sent {
			t.Errorf("%d of %d are there, %d are recorded as lost, findings %+v", count(t, dir, "transfer"), sent, r.Losses, r.Findings)
		}
		if err := tr.Healthy(); err == nil {
			t.Error("a closed trail is healthy")
		}
		tr.Record(transferred(1)) // after the end: no harm
	})
}

// hung is a file whose writes do not return.
type hung struct {
	logFile
	begun *atomic.Bool
	wait  chan struct{}
}

func (h hung) Write(b []byte) (int, error) {
	if h.begun.Load() {
		<-h.wait
	}
	return h.logFile.Write(b)
}

// F-11: a disk that does not answer blocks nobody either, and is noticed.
func TestF11DiskHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		wait := make(chan struct{})
		var begun atomic.Bool
		tr, err := Open(Options{Dir: dir, open: func(name string, flag int) (logFile, error) {
			f, err := openFile(name, flag)
			return hung{f, &begun, wait}, err
		}})
		if err != nil {
			t.Fatal(err)
		}
		begun.Store(true)
		tr.Record(transferred(1))
		time.Sleep(stuck / 2)
		if err := tr.Healthy(); err != nil {
			t.Errorf("too early: %v", err)
		}
		time.Sleep(stuck)
		if err := tr.Healthy(); !errors.Is(err, errStuck) {
			t.Errorf("hung: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := tr.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed: %v", err)
		}
		close(wait)
		if err := tr.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 || count(t, dir, "transfer") != 1 {
			t.Errorf("%+v", r)
		}
	})
}

// F-09: whatever the clock says, numbers and chain go on, durations are as they were
// measured, and every time is one that can be read.
func TestF09ClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		tr, err := Open(Options{Dir: dir, MaxAge: 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		jumps := []time.Time{now, now.AddDate(10, 0, 0), now.Add(-time.Hour), now.AddDate(0, 0, 1), now.AddDate(9000, 0, 0), now.AddDate(-4000, 0, 0)}
		for i, at := range jumps {
			e := transferred(i)
			e.Time, e.Duration = at, 1500
			tr.Record(e)
		}
		time.Sleep(time.Second)
		if err := tr.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		files, err := Files(dir)
		if err != nil || len(files) != 1 {
			t.Errorf("files: %+v, %v", files, err)
		}
		if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 {
			t.Errorf("%+v", r.Findings)
		}
		if _, err := Scan(t.Context(), files, func(l Line, _ []byte) error {
			if e := l.Event; e.Kind == "transfer" && (e.Took() != 1500*time.Microsecond || e.Bytes < 4 && !e.Time.Equal(jumps[e.Bytes])) {
				t.Errorf("%+v", e)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// By age, files rotate by a clock that does not jump.
func TestRotationByAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		tr, err := Open(Options{Dir: dir, MaxAge: 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			tr.Record(transferred(i))
			time.Sleep(25 * time.Hour)
		}
		if err := tr.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if files, err := Files(dir); err != nil || len(files) != 4 {
			t.Errorf("files: %+v, %v", files, err)
		}
		if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 || count(t, dir, NewFile) != 4 {
			t.Errorf("%+v", r)
		}
	})
}

// A trail has one writer.
func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	tr, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close(context.Background())
	if !slices.Contains([]string{"linux", "darwin", "freebsd"}, runtime.GOOS) {
		t.Skip("this system has no lock that ends with the process")
	}
	if _, err := Open(Options{Dir: dir}); err == nil {
		t.Error("two writers")
	}
}

// Nobody else reads the trail or its key, and the key stays.
func TestFilesArePrivate(t *testing.T) {
	if os.PathSeparator != '/' {
		t.Skip("this system has other rights")
	}
	dir := filepath.Join(t.TempDir(), "trail")
	write(t, Options{Dir: dir}, 1)
	before, err := PublicKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	write(t, Options{Dir: dir}, 1)
	if after, err := PublicKey(dir); err != nil || !after.Equal(before) {
		t.Errorf("%v, %v", after, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Errorf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if key, err := ParseKey(FormatKey(before)); err != nil || !key.Equal(before) {
		t.Errorf("%v, %v", key, err)
	}
	for _, bad := range []string{"", "ed25519:", "ed25519:AAAA", "rsa:x"} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
	for _, bad := range []string{"", "7", "0:" + Sum{}.String(), "7:abc", "-1:" + Sum{}.String(), "7:" + Sum{}.String() + "00"} {
		if _, err := ParseHead(bad); err == nil {
			t.Errorf("%q is taken for a head", bad)
		}
	}
	sum := Sum{1}.String()
	if h, err := ParseHead("7:" + sum); err != nil || h.String() != "7:"+sum {
		t.Errorf("%v, %v", h, err)
	}
}

// Recording and writing side by side loses nothing, and each session's events keep their
// order.
func TestManyRecorders(t *testing.T) {
	dir := t.TempDir()
	tr, err := Open(Options{Dir: dir, MaxSize: 100_000, Every: 100, queue: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	const recorders, each = 8, 500
	done := make(chan struct{})
	for r := range recorders {
		go func() {
			for i := range each {
				tr.Record(Event{Kind: "change", Session: fmt.Sprint(r), Bytes: int64(i + 1)})
			}
			done <- struct{}{}
		}()
	}
	for range recorders {
		<-done
	}
	if err := tr.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 {
		t.Errorf("%+v", r.Findings)
	}
	last := map[string]int64{}
	files, _ := Files(dir)
	if _, err := Scan(t.Context(), files, func(l Line, _ []byte) error {
		if e := l.Event; e.Kind == "change" {
			if last[e.Session]+1 != e.Bytes {
				t.Errorf("session %s: %d behind %d", e.Session, e.Bytes, last[e.Session])
			}
			last[e.Session] = e.Bytes
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for r := range recorders {
		if last[fmt.Sprint(r)] != each {
			t.Errorf("session %d: %d events", r, last[fmt.Sprint(r)])
		}
	}
}

// A trail can be verified while the server writes it, begins new files and compresses old
// ones.
func TestVerifyWhileItIsWritten(t *testing.T) {
	dir := t.TempDir()
	tr, err := Open(Options{Dir: dir, MaxSize: 30_000, Every: 100})
	if err != nil {
		t.Fatal(err)
	}
	enough, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-enough:
				return
			default:
			}
			tr.Record(transferred(i)) // what comes too fast is lost, and recorded as that
			runtime.Gosched()
		}
	}()
	for range 30 {
		if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 {
			t.Errorf("%+v", r.Findings)
			break
		}
	}
	close(enough)
	<-stopped
	if err := tr.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 {
		t.Errorf("%+v", r.Findings)
	}
}
