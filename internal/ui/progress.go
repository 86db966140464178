package ui

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// interval is how often the line is drawn anew.
const interval = 100 * time.Millisecond

// IsTerminal reports whether f, a reader or a writer, is a terminal.
func IsTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Progress draws one line that is drawn over and over while a transfer runs. It
// is for one goroutine. The nil Progress draws nothing.
type Progress struct {
	w            io.Writer
	width        int
	name         string
	total        int64 // -1 if not known
	start, drawn time.Time
	from, done   int64 // done counts from before a resume, from is where this one began
}

// NewProgress returns a Progress on w, or nil if w is not a terminal. name is
// made safe. total is the size of the whole, -1 if not known, and from what was
// there already.
func NewProgress(w io.Writer, name string, total, from int64) *Progress {
	if !IsTerminal(w) {
		return nil
	}
	width, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	return &Progress{w: w, width: width, name: Safe(name), total: total, from: from, done: from, start: time.Now()}
}

// Add counts n bytes more.
func (p *Progress) Add(n int) {
	if p == nil {
		return
	}
	p.done += int64(n)
	if now := time.Now(); now.Sub(p.drawn) >= interval {
		p.drawn = now
		_, _ = io.WriteString(p.w, "\r"+p.line(now.Sub(p.start))+"\x1b[K")
	}
}

// Clear takes the line away.
func (p *Progress) Clear() {
	if p != nil {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
}

// line is the text after elapsed time: percent, bytes, rate, time left, name. It
// is cut to less than the width, because a line that wraps cannot be drawn over.
func (p *Progress) line(elapsed time.Duration) string {
	moved := p.done - p.from
	s := fmt.Sprintf("%s  %s", Size(p.done), Rate(moved, elapsed))
	if p.total > 0 {
		s = fmt.Sprintf("%3d%%  %s", min(100, int64(float64(p.done)/float64(p.total)*100)), s)
		if left := p.total - p.done; moved > 0 && left > 0 {
			eta := time.Duration(float64(elapsed) * float64(left) / float64(moved))
			s += "  " + eta.Round(time.Second).String() + " left"
		}
	}
	runes := []rune(s + "  " + p.name)
	return string(runes[:min(len(runes), p.width-1)])
}
