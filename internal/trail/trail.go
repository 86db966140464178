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
	log  *slog.Logger
	wake chan struct{}
	quit chan struct{}
	done chan struct{}
	turn chan *turn // other settings

	mu      sync.Mutex
	queue   []Event
	most    int // events that may wait
	lost    int64
	counts  Stats
	err     error     // why it is not written now
	since   time.Time // of the write that runs; zero: none does
	closed  bool      // for events of others
	ended   bool      // for all
	tidying *tidying  // of the folder that is written

	// The writer changes these while it holds mu, and reads them without.
	o Options
	chain

	// The rest belongs to the writer.
	enc     *encoder
	outlets []*outlet
	pending []Event // not written yet
	batch   []Event // its whole memory
	text    []byte
	ends    []int // of the lines in text
	kinds   []mark
	freed   sync.WaitGroup // folders that other settings have taken away
	leaving sync.WaitGroup // sinks of that kind
}

// chain is the lines of one folder, and where they end.
type chain struct {
	store  *store    // nil: no files
	head   Head      // the last line that is written
	told   Head      // what the file head says
	toldAt time.Time // when it was written
	signed bool      // a checkpoint has been written since
	unsaid int       // lines since the last checkpoint
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
	p, err := Prepare(o, nil)
	if err != nil {
		return nil, err
	}
	return p.Begin(), nil
}

// Begin begins to write as was prepared.
func (p *Prepared) Begin() *Trail {
	t := &Trail{
		o: p.o, most: p.o.queue, log: p.o.Logger, enc: newEncoder(),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}), turn: make(chan *turn),
		tidying: &tidying{dir: p.o.Dir},
	}
	start := Event{Time: time.Now(), Kind: Start}
	if p.store != nil {
		t.store, t.head = p.store, p.found.head
		t.queue = p.first(start.Time)
		t.tellFound(&p.found)
		t.tidy()
	}
	t.queue = append(t.queue, start)
	for _, s := range p.o.Sinks {
		t.outlets = append(t.outlets, newOutlet(s, p.o.queue, t.lostBy, t.log))
	}
	t.flush() // so that there is no moment without a first line
	go t.run()
	return t
}

func (t *Trail) tellFound(f *found) {
	if e := f.event; e != nil {
		t.log.Warn("the trail is not as the server had left it", "dropped_bytes", e.Dropped, "missing_lines", e.Missing, "error", e.Error)
	}
}

// Record takes an event. It never waits: where too many wait already, the event is
// counted as lost. A zero Time is now.
func (t *Trail) Record(e Event) { t.record(e, false) }

// record reports whether the event waits to be written. own: it is of the trail itself.
func (t *Trail) record(e Event, own bool) (taken bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.recordLocked(e, own)
}

// recordLocked is record while mu is held.
func (t *Trail) recordLocked(e Event, own bool) (taken bool) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	switch {
	case t.ended, t.closed && !own:
		return false
	case len(t.queue) >= t.most:
		t.lost++
		t.counts.Lost++
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

// Stats is what a trail has done since it was opened.
type Stats struct {
	Lines    uint64 // that were written
	Lost     int64  // events that were not
	SinkLost int64  // lines that the other sinks have lost
}

// Stats gives the counts.
func (t *Trail) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}

// Key gives the public key of the checkpoints, nil without files.
func (t *Trail) Key() ed25519.PublicKey {
	t.mu.Lock()
	defer t.mu.Unlock()
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
	t.mu.Lock()
	t.counts.SinkLost += n
	t.mu.Unlock()
	t.record(Event{Kind: Lost, Sink: sink, Lost: n}, true)
}
