package daemon

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/sealane/sealane/internal/config"
)

const (
	// logRoom bounds what waits to be written, in bytes.
	logRoom = 4 << 20
	// logPatience is how long the end of the process waits for the rest.
	logPatience = 2 * time.Second
)

// LogQueue passes a log on to a writer without waiting for it: who is served must not
// wait for a terminal, a pipe or a disk that takes no more (F-11). What has no room is lost,
// and counted; when there is room again the log says so.
type LogQueue struct {
	to    io.Writer
	more  chan struct{} // has one element if there may be something to do
	ended chan struct{}

	mu      sync.Mutex
	waiting []byte
	lost    int // lines, since the last time that this was told
	closed  bool
}

// NewLogQueue begins to pass on what is written. Close it at the end.
func NewLogQueue(to io.Writer) *LogQueue {
	q := &LogQueue{to: to, more: make(chan struct{}, 1), ended: make(chan struct{})}
	go q.run()
	return q
}

// Write takes whole lines. It never waits and never fails.
func (q *LogQueue) Write(lines []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.waiting)+len(lines) > logRoom {
		q.lost += bytes.Count(lines, newline)
		return len(lines), nil
	}
	q.waiting = append(q.waiting, lines...)
	q.wake()
	return len(lines), nil
}

var newline = []byte("\n")

func (q *LogQueue) wake() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

func (q *LogQueue) run() {
	defer close(q.ended)
	var spare []byte
	for range q.more {
		q.mu.Lock()
		lines, closed := q.waiting, q.closed
		q.waiting = spare[:0]
		q.mu.Unlock()
		if len(lines) > 0 {
			q.pass(lines)
		}
		if closed {
			return
		}
		if spare = lines; cap(spare) > logRoom/16 { // a rare crowd is no reason to keep its room
			spare = nil
		}
	}
}

// pass writes lines, and tells of those that were lost before.
func (q *LogQueue) pass(lines []byte) {
	if _, err := q.to.Write(lines); err != nil {
		q.mu.Lock()
		q.lost += bytes.Count(lines, newline)
		q.mu.Unlock()
		return
	}
	q.mu.Lock()
	lost := q.lost
	q.lost = 0
	q.mu.Unlock()
	if lost == 0 {
		return
	}
	format := config.FormatText
	if lines[0] == '{' {
		format = config.FormatJSON
	}
	newLogger(q.to, format).Warn("lines of the log are lost: what takes it was too slow, or full", "lost", lost)
}

// Close waits for what is still to be written, but not for long.
func (q *LogQueue) Close() error {
	q.mu.Lock()
	q.closed = true
	q.wake()
	q.mu.Unlock()
	select {
	case <-q.ended:
	case <-time.After(logPatience):
	}
	return nil
}
