package trail

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Sync says when lines are forced to the disk.
type Sync uint8

const (
	// SyncCheckpoint does it at checkpoints: a power cut may take the last lines.
	SyncCheckpoint Sync = iota
	// SyncBatch does it whenever lines are written, up to twenty times a second.
	SyncBatch
	// SyncNever leaves it to the system.
	SyncNever
)

// Options are the settings of a trail. The zero value writes nowhere.
type Options struct {
	Dir     string        // folder of the files; empty: no files, and numbers begin at 1
	MaxSize int64         // bytes at which a file makes room for the next; 0: none
	MaxAge  time.Duration // age at which it does; 0: none
	Keep    int           // old files that are kept; 0: all
	KeepFor time.Duration // age at which old files go, one at each rotation; 0: none
	Every   int           // lines from one checkpoint to the next; 0: 1000
	Sync    Sync
	Sinks   []Sink
	Logger  *slog.Logger // told when writing fails and when it works again; nil: nobody

	queue int // events that wait; 0: queueSize
	open  func(name string, flag int) (logFile, error)
}

const (
	queueSize    = 8192
	defaultEvery = 1000
	// gather is how long the first event waits for others, so that a busy server does
	// not wake the writer for each.
	gather = 50 * time.Millisecond
	// chunk is how many events are written at once.
	chunk = 512
	// headEvery is how often the file head is written anew, at most: it is signed, which
	// costs more than a line.
	headEvery = time.Second
	// again is when it is tried once more to write.
	again = time.Second
	// stuck is how long a write may take before the trail counts as not written.
	stuck = 10 * time.Second
)

// Trail takes events and writes them. Its methods may be called from any goroutine.
type Trail struct {
	o    Options
	log  *slog.Logger
	wake chan struct{}
	quit chan struct{}
	done chan struct{}

	mu     sync.Mutex
	queue  []Event
	lost   int64
	err    error     // why it is not written now
	since  time.Time // of the write that runs; zero: none does
	closed bool      // for events of others
	ended  bool      // for all

	// The rest belongs to the writer.
	enc     *encoder
	store   *store // nil: no files
	outlets []*outlet
	pending []Event   // not written yet
	batch   []Event   // its whole memory
	head    Head      // the last line that is written
	told    Head      // what the file head says
	toldAt  time.Time // when it was written
	signed  bool      // a checkpoint has been written since
	unsaid  int       // lines since the last checkpoint
	text    []byte
	ends    []int // of the lines in text
	kinds   []mark
	tidying sync.WaitGroup
	tidied  sync.Mutex // one at a time
}

// mark is what sinks need to know of a line in text.
type mark struct {
	kind Kind
	at   time.Time
	warn bool
}

// Open begins to write. The error says why the files cannot be used. Close it in the
// end.
func Open(o Options) (*Trail, error) {
	if o.queue == 0 {
		o.queue = queueSize
	}
	if o.Every == 0 {
		o.Every = defaultEvery
	}
	if o.open == nil {
		o.open = openFile
	}
	t := &Trail{
		o: o, log: o.Logger, enc: newEncoder(),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	start := Event{Time: time.Now(), Kind: Start}
	t.queue = append(t.queue, start)
	if o.Dir != "" {
		if err := t.openFiles(start.Time); err != nil {
			return nil, err
		}
	}
	for _, s := range o.Sinks {
		t.outlets = append(t.outlets, newOutlet(s, o.queue, t.lostBy, t.log))
	}
	t.flush() // so that there is no moment without a first line
	go t.run()
	return t, nil
}

func (t *Trail) openFiles(now time.Time) error {
	s, f, err := openStore(t.o.Dir, t.o.open, now)
	if err != nil {
		return err
	}
	t.store, t.head = s, f.head
	if s.first == 0 {
		t.queue = append([]Event{{Time: now, Kind: NewFile, File: activeFile, Previous: f.previous}}, t.queue...)
	}
	if f.event != nil {
		f.event.Time = now
		t.queue = append(t.queue, *f.event)
		t.log.Warn("the trail is not as the server had left it", "dropped_bytes", f.event.Dropped, "missing_lines", f.event.Missing, "error", f.event.Error)
	}
	t.tidy()
	return nil
}

// Record takes an event. It never waits: where too many wait already, the event is
// counted as lost. A zero Time is now.
func (t *Trail) Record(e Event) { t.record(e, false) }

// record reports whether the event waits to be written. own: it is of the trail itself.
func (t *Trail) record(e Event, own bool) (taken bool) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.ended, t.closed && !own:
		return false
	case len(t.queue) >= t.o.queue:
		t.lost++
		return false
	}
	if t.queue = append(t.queue, e); len(t.queue) == 1 {
		t.signal()
	}
	return true
}

func (t *Trail) signal() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

var (
	errFull  = errors.New("trail: events were lost, since they came faster than they could be written")
	errStuck = errors.New("trail: the disk does not answer")
	errEnded = errors.New("trail: it is closed")
)

// Healthy gives nil while events are kept, and otherwise why they are not.
func (t *Trail) Healthy() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return errEnded
	case t.err != nil:
		return t.err
	case !t.since.IsZero() && time.Since(t.since) > stuck:
		return errStuck
	case t.lost > 0:
		return errFull
	}
	return nil
}

// Key gives the public key of the checkpoints, nil without files.
func (t *Trail) Key() ed25519.PublicKey {
	if t.store == nil {
		return nil
	}
	return t.store.key.Public().(ed25519.PublicKey)
}

// Close records the end, writes what waits and closes the files and sinks, until ctx
// ends.
func (t *Trail) Close(ctx context.Context) error {
	t.mu.Lock()
	was := t.closed
	t.closed = true
	t.mu.Unlock()
	if !was {
		t.record(Event{Kind: Stop}, true)
		close(t.quit)
	}
	select {
	case <-t.done:
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.err
	case <-ctx.Done():
		return fmt.Errorf("trail: not all could be written: %w", ctx.Err())
	}
}

// lostBy records what a sink has lost.
func (t *Trail) lostBy(sink string, n int64) {
	t.log.Warn("lines of the trail were lost", "sink", sink, "lines", n)
	t.record(Event{Kind: Lost, Sink: sink, Lost: n}, true)
}
