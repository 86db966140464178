package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sealane/sealane/internal/ui"
	"github.com/sealane/sealane/mirror"
	"github.com/sealane/sealane/vfs"
)

// mirrorPrinter tells of the steps of a mirror: a line for each that does something, or
// fails; all of them with --json.
type mirrorPrinter struct {
	env            *Env
	json, quiet    bool
	bars, dry      bool
	mu             sync.Mutex
	board          *ui.Board
	under          map[vfs.Path]*mirrorBar
	told, withheld int // failures
}

type mirrorBar struct {
	bar *ui.Bar
	at  int64
}

// maxToldFailures bounds the lines of failures.
const maxToldFailures = 1000

func newMirrorPrinter(env *Env, f *clientFlags, dry bool) *mirrorPrinter {
	return &mirrorPrinter{
		env: env, json: f.json, quiet: f.quiet, dry: dry, under: map[vfs.Path]*mirrorBar{},
		bars: !f.json && !f.quiet && !f.verbose && !dry,
	}
}

// begin shows a file that is under way.
func (p *mirrorPrinter) begin(s mirror.Step, offset int64) {
	if !p.bars || !ui.IsTerminal(p.env.Stderr) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.board == nil {
		p.board = ui.NewBoard(p.env.Stderr, false)
	}
	if old := p.under[s.Path]; old != nil {
		p.board.End(old.bar, false)
	}
	p.under[s.Path] = &mirrorBar{bar: p.board.File(s.Path.Rel(), s.From.Size, offset), at: offset}
}

func (p *mirrorPrinter) moved(s mirror.Step, n int64) {
	if !p.bars {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.under[s.Path]; b != nil {
		b.at += n
		p.board.Set(b.bar, b.at)
	}
}

// mirrorEvent is the JSON of a step.
type mirrorEvent struct {
	Event string       `json:"event"` // "plan" (--dry-run), "done" or "failed"
	Step  *mirror.Step `json:"step,omitempty"`
	Error string       `json:"error,omitempty"`
}

// step tells of a step that is done, or failed.
func (p *mirrorPrinter) step(s mirror.Step, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.under[s.Path]; b != nil {
		p.board.End(b.bar, false)
		delete(p.under, s.Path)
	}
	switch {
	case errors.Is(err, context.Canceled): // told by the command itself
	case p.json:
		p.tell(s, err)
	case err != nil:
		if p.told++; p.told > maxToldFailures {
			p.withheld++
			return
		}
		p.line(p.env.Stderr, "sealane: %s\n", ui.Safe(oneLine(err)))
	case p.quiet || s.Equal():
	default:
		p.line(p.env.Stdout, "%s\n", stepLine(s))
	}
}

func (p *mirrorPrinter) tell(s mirror.Step, err error) {
	e := mirrorEvent{Event: "done", Step: &s}
	switch {
	case err != nil:
		e.Event, e.Error = "failed", oneLine(err)
		if s.Action == "" { // of a listing, or of the whole run
			e.Step = nil
		}
	case p.dry:
		e.Event = "plan"
	}
	_ = ui.WriteJSON(p.env.Stdout, e) // a program that is gone does not stop the files
}

// line prints above the bars.
func (p *mirrorPrinter) line(w io.Writer, format string, args ...any) {
	if p.board != nil {
		w = p.board
	}
	_, _ = fmt.Fprintf(w, format, args...)
}

// stepLine is a step for people: action, size, path.
func stepLine(s mirror.Step) string {
	size, path := "", s.ToPath.Rel()
	switch s.Action {
	case mirror.Copy, mirror.Update, mirror.Replace:
		if !s.From.IsDir() {
			size = ui.Count(s.From.Size)
		}
	}
	if s.From.IsDir() || s.From.Name == "" && s.To.IsDir() {
		path += "/"
	}
	text := fmt.Sprintf("%-8s  %15s  %s", s.Action, size, ui.Safe(path))
	switch s.Action {
	case mirror.Conflict, mirror.Replace, mirror.Skip:
		text += "  (" + s.Reason + ")"
	}
	return text
}

// mirrored is the JSON of the whole run.
type mirrored struct {
	Event    string  `json:"event"` // "summary": the last one
	From     string  `json:"from"`
	To       string  `json:"to"`
	DryRun   bool    `json:"dry_run"`
	Copied   int     `json:"copied"`
	Updated  int     `json:"updated"`
	Folders  int     `json:"folders"`
	Replaced int     `json:"replaced"`
	Deleted  int     `json:"deleted"`
	Equal    int     `json:"equal"`
	Skipped  int     `json:"skipped"`
	Conflict int     `json:"conflicts"`
	Failed   int     `json:"failed"`
	Bytes    int64   `json:"bytes"`
	Seconds  float64 `json:"seconds"`
}

// end tells of the whole run.
func (p *mirrorPrinter) end(from, to string, r mirror.Report, elapsed time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.board != nil {
		p.board.Close()
		p.board = nil
	}
	if p.withheld > 0 {
		p.line(p.env.Stderr, "sealane: and %s\n", ui.Counted(p.withheld, "more failure"))
	}
	if p.json {
		return ui.WriteJSON(p.env.Stdout, mirrored{
			"summary", from, to, p.dry, r.Copied, r.Updated, r.Made, r.Replaced, r.Deleted, r.Equal, r.Skipped, r.Conflicts, r.Failed,
			r.Bytes, elapsed.Seconds(),
		})
	}
	if p.quiet {
		return nil
	}
	text := fmt.Sprintf("copied %s, updated %s, folders made %s, deleted %s, equal %s", count(r.Copied), count(r.Updated), count(r.Made), count(r.Deleted), count(r.Equal))
	for _, more := range []struct {
		n    int
		what string
	}{{r.Replaced, "replaced"}, {r.Skipped, "skipped"}, {r.Conflicts, "in conflict"}, {r.Failed, "failed"}} {
		if more.n > 0 {
			text += fmt.Sprintf(", %s %s", more.what, count(more.n))
		}
	}
	if p.dry {
		_, err := fmt.Fprintf(p.env.Stdout, "would be: %s; %s\n", text, ui.Counted(r.Bytes, "byte"))
		return err
	}
	_, err := fmt.Fprintf(p.env.Stdout, "%s; %s in %s (%s)\n", text, ui.Counted(r.Bytes, "byte"), elapsed.Round(time.Millisecond), ui.Rate(r.Bytes, elapsed))
	return err
}

func count(n int) string { return ui.Count(int64(n)) }
