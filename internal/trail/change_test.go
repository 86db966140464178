package trail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// linesOf gives the lines of a folder.
func linesOf(t *testing.T, dir string) (list []Line) {
	t.Helper()
	files, err := Files(dir)
	if err == nil {
		_, err = Scan(context.Background(), files, func(l Line, _ []byte) error {
			list = append(list, l)
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func mustChange(t *testing.T, tr *Trail, o Options) {
	t.Helper()
	p, err := Prepare(o, tr)
	if err == nil {
		err = tr.Change(context.Background(), p)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// While several record, the trail gets other settings, again and again: in the same
// folder, in another one, and in the first one anew. No event is missing and none is there
// twice, and both trails can be proven.
func TestChangeLosesNothing(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	const writers, each, most = 4, 2000, 100_000
	settings := func(i int) Options {
		o := Options{Dir: one, Every: 50 + i, MaxSize: 40_000, queue: most}
		if i%3 == 2 {
			o.Dir = two
		}
		return o
	}
	tr, err := Open(settings(0))
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for i := range each {
				tr.Record(Event{Kind: "transfer", Session: fmt.Sprint(w), Path: fmt.Sprint(i)})
				if i%20 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	for i := range 30 {
		mustChange(t, tr, settings(i+1))
	}
	work.Wait()
	if err := tr.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, dir := range []string{one, two} {
		if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 || r.Losses > 0 || r.Unsigned > 0 {
			t.Errorf("%+v", r)
		}
		for _, l := range linesOf(t, dir) {
			if l.Event.Kind == "transfer" {
				seen[l.Event.Session+"/"+l.Event.Path]++
			}
		}
	}
	if len(seen) != writers*each {
		t.Errorf("%d of %d events are there", len(seen), writers*each)
	}
	for e, n := range seen {
		if n != 1 {
			t.Fatalf("%s is there %d times", e, n)
		}
	}
	if s := tr.Stats(); s.Lost != 0 || s.Lines < writers*each {
		t.Errorf("%+v", s)
	}
}

// The chain of another folder names where it comes from, with a head that the folder of
// before can be held against; that one says where it goes. It is free for another server.
func TestChangeOfFolder(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	write(t, Options{Dir: two}, 3) // there is a trail already
	tr, err := Open(Options{Dir: one})
	if err != nil {
		t.Fatal(err)
	}
	tr.Record(transferred(1))
	mustChange(t, tr, Options{Dir: two})
	tr.Record(transferred(2))
	was := linesOf(t, one)
	end := was[len(was)-2]
	if end.Event.Kind != Moved || end.Event.To != two || was[len(was)-1].Event.Kind != Checkpoint {
		t.Errorf("the end of the first: %+v", was[len(was)-2:])
	}
	other, err := Open(Options{Dir: one})
	for tries := 0; err != nil && tries < 1000; tries++ { // it is given free in the background
		runtime.Gosched()
		other, err = Open(Options{Dir: one})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Close(context.Background()), tr.Close(context.Background())); err != nil {
		t.Fatal(err)
	}
	var from *Event
	for _, l := range linesOf(t, two) {
		if l.Event.Kind == Moved {
			from = &l.Event
		}
	}
	if from == nil || from.From != one {
		t.Fatalf("%+v", from)
	}
	head, err := ParseHead(from.Head)
	if err != nil || head.Seq == 0 || head.Seq >= end.Seq {
		t.Errorf("%v, %v", head, err)
	}
	if r := mustVerify(t, one, Expect{Heads: []Head{head}}); len(r.Findings) > 0 || !r.Vouched {
		t.Errorf("%+v", r)
	}
	if r := mustVerify(t, two, Expect{}); len(r.Findings) > 0 {
		t.Errorf("%+v", r)
	}
}

// From files to none and back.
func TestChangeToNoFiles(t *testing.T) {
	dir := t.TempDir()
	tr, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s := &memorySink{sent: make(chan Entry, 100)}
	mustChange(t, tr, Options{Sinks: []Sink{s}})
	if tr.Key() != nil {
		t.Error("a key without files")
	}
	tr.Record(Event{Kind: "transfer", Path: "/unwritten"})
	for !strings.Contains(string((<-s.sent).Text), "/unwritten") {
	}
	mustChange(t, tr, Options{Dir: dir, Sinks: []Sink{s}})
	tr.Record(Event{Kind: "transfer", Path: "/written"})
	for !strings.Contains(string((<-s.sent).Text), "/written") {
	}
	if s.closed.Load() {
		t.Error("a sink that stays was closed")
	}
	if err := tr.Close(context.Background()); err != nil || !s.closed.Load() {
		t.Error(err, s.closed.Load())
	}
	if r := mustVerify(t, dir, Expect{}); len(r.Findings) > 0 || count(t, dir, "transfer") != 1 || count(t, dir, Moved) != 1 {
		t.Errorf("%+v", r)
	}
}

// memorySink keeps what it is given.
type memorySink struct {
	sent   chan Entry
	closed atomic.Bool
}

func (s *memorySink) Name() string { return "memory" }
func (s *memorySink) Send(_ context.Context, e Entry) error {
	s.sent <- e
	return nil
}
func (s *memorySink) Close() error {
	s.closed.Store(true)
	return nil
}

// What cannot be opened, or is full, is refused before anything changes; what fails at the
// change itself leaves all as it was; what does not follow is given back.
func TestChangeRefused(t *testing.T) {
	one := t.TempDir()
	var full atomic.Bool
	shakyOpen := func(name string, flag int) (logFile, error) {
		f, err := openFile(name, flag)
		return shaky{f, &full}, err
	}
	tr, err := Open(Options{Dir: one})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(Options{Dir: filepath.Join(file, "trail")}, tr); err == nil {
		t.Error("a folder in a file")
	}
	busy := t.TempDir()
	other, err := Open(Options{Dir: busy})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	if _, err := Prepare(Options{Dir: busy}, tr); err == nil && runtime.GOOS != "windows" {
		t.Error("the folder of another server")
	}
	dropped := t.TempDir()
	p, err := Prepare(Options{Dir: dropped}, tr)
	if err != nil {
		t.Fatal(err)
	}
	p.Drop()
	write(t, Options{Dir: dropped}, 1) // it is not locked

	bad := t.TempDir()
	if p, err = Prepare(Options{Dir: bad, open: shakyOpen}, tr); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	if err := tr.Change(context.Background(), p); !errors.Is(err, errFullDisk) {
		t.Errorf("%v", err)
	}
	full.Store(false)
	write(t, Options{Dir: bad}, 1) // neither
	tr.Record(transferred(1))
	if err := tr.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if r := mustVerify(t, one, Expect{}); len(r.Findings) > 0 || count(t, one, "transfer") != 1 || count(t, one, Moved) != 0 {
		t.Errorf("%+v", r)
	}
	if p, err = Prepare(Options{Dir: t.TempDir()}, tr); err != nil {
		t.Fatal(err)
	}
	if err := tr.Change(context.Background(), p); err == nil {
		t.Error("a closed trail has changed")
	}
}

// stuffed is a file on a full disk, which can be cut as on a real one.
type stuffed struct{ shaky }

func (s stuffed) Truncate(size int64) error { return s.logFile.Truncate(size) }

// F-11: on a full disk the trail can be moved to another one, and takes with it what could
// not be written.
func TestF11ChangeOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := t.TempDir(), t.TempDir()
		var full atomic.Bool
		tr, err := Open(Options{Dir: one, queue: 20, open: func(name string, flag int) (logFile, error) {
			f, err := openFile(name, flag)
			return stuffed{shaky{f, &full}}, err
		}})
		if err != nil {
			t.Fatal(err)
		}
		full.Store(true)
		const sent = 60
		for i := range sent {
			tr.Record(transferred(i))
		}
		time.Sleep(time.Second)
		if tr.Healthy() == nil {
			t.Error("healthy on a full disk")
		}
		mustChange(t, tr, Options{Dir: two})
		if err := tr.Healthy(); err != nil {
			t.Error(err)
		}
		if err := tr.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		full.Store(false)
		r := mustVerify(t, two, Expect{})
		if len(r.Findings) > 0 || r.Losses == 0 || count(t, two, "transfer")+int(r.Losses) != sent {
			t.Errorf("%d of %d, %+v", count(t, two, "transfer"), sent, r)
		}
		if s := tr.Stats(); s.Lost != r.Losses {
			t.Errorf("%+v, recorded are %d", s, r.Losses)
		}
		if n := count(t, one, "transfer"); n != 0 {
			t.Errorf("%d are in the first folder", n)
		}
	})
}

// An administrator moves the folder away and reloads: the trail begins anew in its place,
// and the one that was moved ends as it should.
func TestChangeAfterMoving(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows moves no folder with open files")
	}
	top := t.TempDir()
	dir, away := filepath.Join(top, "trail"), filepath.Join(top, "away")
	tr, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	tr.Record(transferred(1))
	mustChange(t, tr, Options{Dir: dir}) // so that it is written
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	mustChange(t, tr, Options{Dir: dir})
	tr.Record(transferred(2))
	if err := tr.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, away} {
		if r := mustVerify(t, d, Expect{}); len(r.Findings) > 0 || count(t, d, "transfer") != 1 || count(t, d, Moved) != 1 {
			t.Errorf("%s: %+v", d, r)
		}
	}
}

// A disk that does not answer leaves the settings of before in force.
func TestChangeOnAHungDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hung{begun: new(atomic.Bool), wait: make(chan struct{})}
		tr, err := Open(Options{Dir: t.TempDir(), open: func(name string, flag int) (logFile, error) {
			f, err := openFile(name, flag)
			own := h
			own.logFile = f
			return own, err
		}})
		if err != nil {
			t.Fatal(err)
		}
		h.begun.Store(true)
		tr.Record(transferred(1))
		time.Sleep(time.Second)
		p, err := Prepare(Options{Dir: t.TempDir()}, tr)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := tr.Change(ctx, p); !errors.Is(err, errSlow) {
			t.Errorf("%v", err)
		}
		close(h.wait)
		if err := tr.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
