package ui

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

const (
	// interval is how often the bars are drawn anew.
	interval = 100 * time.Millisecond
	// leastWidth is the narrowest terminal, in columns, that is believed to be one.
	leastWidth = 20
)

// IsTerminal reports whether f, a reader or a writer, is a terminal.
func IsTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Board shows what is under way at the foot of a terminal: a line for each file, and
// one for all of them. It may be used by several goroutines. The nil Board shows
// nothing.
type Board struct {
	progress *mpb.Progress
	several  bool
	all      all

	mu    sync.Mutex
	lines []*line
}

// line is a line of the terminal, in which one file comes behind the other: short ones
// would else flicker.
type line struct {
	bar  *mpb.Bar // nil after Close
	now  atomic.Pointer[Bar]
	free bool
}

// Bar is one file on a Board. The nil Bar shows nothing.
type Bar struct {
	name  string // safe
	start time.Time
	from  int64 // what was there before
	size  int64 // -1 if not known
	done  atomic.Int64
	line  *line
}

// all is what is known of all files.
type all struct {
	start        time.Time
	files, found atomic.Int64
	done, size   atomic.Int64
	complete     atomic.Bool // all are found
}

// NewBoard returns a Board on w, or nil if w is not a terminal. With several there is
// a line for all files.
func NewBoard(w io.Writer, several bool) *Board {
	if !IsTerminal(w) {
		return nil
	}
	return newBoard(w, several, mpb.WithRefreshRate(interval))
}

func newBoard(w io.Writer, several bool, options ...mpb.ContainerOption) *Board {
	b := &Board{progress: mpb.New(append(options, mpb.WithOutput(w))...), several: several}
	b.all.start = time.Now()
	if several {
		b.add(math.MaxInt, func() string { return b.all.text(time.Since(b.all.start)) })
	}
	return b
}

// add gives what text returns a line. What mpb draws of it is that text, cut to the
// width, and nothing else.
func (b *Board) add(priority int, text func() string) *mpb.Bar {
	filler := mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
		width := s.AvailableWidth
		if width < leastWidth {
			width = 80
		}
		_, err := io.WriteString(w, cut(text(), width))
		return err
	})
	bar, _ := b.progress.Add(0, filler, mpb.BarPriority(priority)) // nil after Close
	return bar
}

// Expect counts one more file, of size bytes (-1 if not known), that will be moved.
func (b *Board) Expect(size int64) {
	if b == nil {
		return
	}
	b.all.found.Add(1)
	b.all.size.Add(max(size, 0))
}

// Complete says that all files are found: how long the rest takes can be told from now
// on.
func (b *Board) Complete() {
	if b != nil {
		b.all.complete.Store(true)
	}
}

// File begins to show a file. name is made safe. size is that of the whole, -1 if not
// known, and from what was there already.
func (b *Board) File(name string, size, from int64) *Bar {
	if b == nil {
		return nil
	}
	bar := &Bar{name: Safe(name), start: time.Now(), from: from, size: size}
	bar.done.Store(from)
	b.all.done.Add(from)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.lines {
		if l.free {
			bar.line = l
			break
		}
	}
	if bar.line == nil {
		l := &line{}
		l.now.Store(bar)
		l.bar = b.add(len(b.lines), func() string { return l.now.Load().text() })
		b.lines = append(b.lines, l)
		bar.line = l
	}
	bar.line.free = false
	bar.line.now.Store(bar)
	return bar
}

// Set says how many bytes of the file are there now.
func (b *Board) Set(bar *Bar, done int64) {
	if b != nil && bar != nil {
		b.all.done.Add(done - bar.done.Swap(done))
	}
}

// End has the next file take the place of this one. counts says that it is one of those
// expected, and done.
func (b *Board) End(bar *Bar, counts bool) {
	if b == nil || bar == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	bar.line.free = true
	if counts {
		b.all.files.Add(1)
	}
}

// Write prints whole lines above those of the files. They must be safe.
func (b *Board) Write(lines []byte) (int, error) { return b.progress.Write(lines) }

// Close ends the drawing. What was drawn last stays, above what is printed next.
func (b *Board) Close() {
	if b != nil {
		b.progress.Shutdown()
	}
}

func (b *Bar) text() string { return b.textAfter(time.Since(b.start)) }

// textAfter is percent, bytes, rate, time left and name.
func (b *Bar) textAfter(elapsed time.Duration) string {
	done := b.done.Load()
	return numbers(done, done-b.from, b.size, elapsed) + "  " + b.name
}

// text is the line for all files. As long as more may be found, no part can be told.
func (a *all) text(elapsed time.Duration) string {
	done, size, found := a.done.Load(), int64(-1), Count(a.found.Load())+" or more files"
	if a.complete.Load() {
		size, found = a.size.Load(), Counted(a.found.Load(), "file")
	}
	return fmt.Sprintf("%s  %s of %s", numbers(done, done, size, elapsed), Count(a.files.Load()), found)
}

func numbers(done, moved, size int64, elapsed time.Duration) string {
	s := fmt.Sprintf("%s  %s", Size(done), Rate(moved, elapsed))
	if size <= 0 {
		return s
	}
	s = fmt.Sprintf("%3d%%  %s", min(100, int64(float64(done)/float64(size)*100)), s)
	if left := size - done; moved > 0 && left > 0 {
		eta := time.Duration(float64(elapsed) * float64(left) / float64(moved))
		s += "  " + eta.Round(time.Second).String() + " left"
	}
	return s
}

// cut shortens a line to less than the width, in columns, because one that wraps cannot be
// drawn over. A character may be two columns wide: then fewer must do.
func cut(s string, width int) string {
	columns := 0
	for i, r := range s {
		columns++
		if r >= 0x1100 {
			columns++
		}
		if columns >= width {
			return strings.TrimRight(s[:i], " ")
		}
	}
	return s
}
