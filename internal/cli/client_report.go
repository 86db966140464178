package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/internal/ui"
)

// maxListedFailures bounds the failures that are kept for the list at the end.
const maxListedFailures = 1000

// progressEvery is how often a program is told of one file.
const progressEvery = time.Second

// reporter tells of the files that a command moves: to people by bars at the foot of a
// terminal, or by a line for each file, and to programs by JSON. It may be used by
// several goroutines.
type reporter struct {
	env         *Env
	op          string // "get" or "put"
	several     bool
	json, quiet bool
	bars        bool
	start       time.Time

	mu                    sync.Mutex
	board                 *ui.Board // nil before the first file, and where there are no bars
	done, skipped, failed int
	left                  int // not tried: the run was ended
	bytes                 int64
	failures              []failure
	first                 error // the first failure
}

type failure struct {
	name string
	err  error
}

// newReporter makes f report by it, too.
func newReporter(env *Env, op string, f *clientFlags, several bool) *reporter {
	f.report = &reporter{
		env: env, op: op, several: several, json: f.json, quiet: f.quiet,
		bars: !f.json && !f.quiet && !f.verbose, start: time.Now(),
	}
	return f.report
}

// Events of --json, one object a line. All have "event" and "op".
type (
	startedEvent struct {
		Event  string `json:"event"` // "started"
		Op     string `json:"op"`    // "get" or "put"
		URL    string `json:"url"`
		Local  string `json:"local"`
		Size   *int64 `json:"size,omitempty"` // of the whole, if it is known
		Offset int64  `json:"offset"`         // what was there already
	}
	progressEvent struct {
		Event string `json:"event"` // "progress": at most one a second for each file
		Op    string `json:"op"`
		URL   string `json:"url"`
		Local string `json:"local"`
		Size  *int64 `json:"size,omitempty"`
		At    int64  `json:"at"` // how many bytes are there now
	}
	retryEvent struct {
		Event   string  `json:"event"` // "retry"
		Op      string  `json:"op"`
		Error   string  `json:"error"`
		Seconds float64 `json:"seconds"` // until the next attempt
	}
	skippedEvent struct {
		Event  string `json:"event"` // "skipped"
		Op     string `json:"op"`
		URL    string `json:"url"`
		Local  string `json:"local"`
		Reason string `json:"reason"`
	}
	failedEvent struct {
		Event string `json:"event"` // "failed"
		Op    string `json:"op"`
		Name  string `json:"name"` // of what failed: a URL or a local name
		Error string `json:"error"`
		Code  int    `json:"code"` // the exit code that it would have alone
	}
	summaryEvent struct {
		Event    string  `json:"event"` // "summary": the last one
		Op       string  `json:"op"`
		Done     int     `json:"done"`
		Skipped  int     `json:"skipped"`
		Failed   int     `json:"failed"`
		NotTried int     `json:"not_tried"` // as far as is known: more may not have been found
		Bytes    int64   `json:"bytes"`
		Seconds  float64 `json:"seconds"`
	}
)

func (r *reporter) tell(event any) {
	if r.json {
		_ = ui.WriteJSON(r.env.Stdout, event) // a program that is gone does not stop the files
	}
}

// notice prints a line for people, above the bars.
func (r *reporter) notice(format string, args ...any) {
	var w io.Writer = r.env.Stderr
	if r.board != nil {
		w = r.board
	}
	_, _ = fmt.Fprintf(w, format+"\n", args...)
}

func (r *reporter) retrying(err error, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(retryEvent{"retry", r.op, oneLine(err), wait.Seconds()})
	if !r.quiet && !r.json {
		r.notice("%s", retryText(err, wait))
	}
}

// expect counts a file that was found and will be moved.
func (r *reporter) expect(size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.show()
	r.board.Expect(size)
}

// found says that no more files will be found.
func (r *reporter) found() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.board.Complete()
}

// show draws the bars from now on: before, people may be asked something.
func (r *reporter) show() {
	if r.bars && r.board == nil {
		r.board = ui.NewBoard(r.env.Stderr, r.several)
	}
}

// shows reports whether bars will be drawn.
func (r *reporter) shows() bool { return r.bars && ui.IsTerminal(r.env.Stderr) }

// watched is one file under way.
type watched struct {
	r         *reporter
	u         ftp.URL
	local     string
	size      int64     // -1 if not known
	board     *ui.Board // that of r, which changes under its lock
	bar       *ui.Bar
	told      time.Time
	startedAt time.Time
}

// begin tells that a file is under way, of which offset bytes are there.
func (r *reporter) begin(u ftp.URL, local string, size, offset int64) *watched {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.show()
	now := time.Now()
	w := &watched{r: r, u: u, local: local, size: size, told: now, startedAt: now, board: r.board, bar: r.board.File(local, size, offset)}
	r.tell(startedEvent{"started", r.op, u.String(), local, known(size), offset})
	return w
}

func known(size int64) *int64 {
	if size < 0 {
		return nil
	}
	return &size
}

// at tells how many bytes are there now. It is called by one goroutine at a time.
func (w *watched) at(n int64) {
	w.board.Set(w.bar, n)
	if !w.r.json {
		return
	}
	if now := time.Now(); now.Sub(w.told) >= progressEvery {
		w.told = now
		w.r.mu.Lock()
		defer w.r.mu.Unlock()
		w.r.tell(progressEvent{"progress", w.r.op, w.u.String(), w.local, known(w.size), n})
	}
}

func (w *watched) elapsed() time.Duration { return time.Since(w.startedAt) }

// finish tells of a file that is done and verified.
func (w *watched) finish(offset int64, res ftpclient.Result) error {
	r := w.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.board.End(w.bar, true)
	r.done++
	r.bytes += res.Bytes
	d := newFinished(r.op, w.u, w.local, offset, res, w.elapsed())
	switch {
	case r.quiet:
		return nil
	case r.board != nil && r.several && ui.IsTerminal(r.env.Stdout):
		return nil // the line for all files tells
	case r.board != nil && ui.IsTerminal(r.env.Stdout):
		r.closeBoard()
	}
	return d.print(r.env.Stdout, r.json)
}

// fail tells of a file that has failed.
func (w *watched) fail(err error) {
	w.r.mu.Lock()
	w.r.board.End(w.bar, false)
	w.r.mu.Unlock()
	name := w.u.String()
	if w.r.op == "put" {
		name = w.local
	}
	w.r.failing(name, err)
}

// failing notes a failure. That of a single file is told by the error of the command.
func (r *reporter) failing(name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(err, errStopped) || errors.Is(err, context.Canceled) {
		r.left++
		return
	}
	if r.failed++; r.failed == 1 {
		r.first = err
	}
	if len(r.failures) < maxListedFailures {
		r.failures = append(r.failures, failure{name, err})
	}
	r.tell(failedEvent{"failed", r.op, name, oneLine(err), exitCode(err)})
}

// skip tells of what was not moved, because it cannot be or, if equal, need not: people
// hear of the former only.
func (r *reporter) skip(u ftp.URL, local, reason string, equal bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped++
	r.tell(skippedEvent{"skipped", r.op, u.String(), local, reason})
	if equal || r.json || r.quiet {
		return
	}
	name := u.String()
	if r.op == "put" {
		name = local
	}
	r.notice("sealane: %s: not moved: %s", ui.Safe(name), reason)
}

func (r *reporter) closeBoard() {
	r.board.Close()
	r.board, r.bars = nil, false
}

// end tells of the whole run, and gives the error of the command: cause is what has
// ended it before its time, or nil.
func (r *reporter) end(cause error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closeBoard()
	elapsed := time.Since(r.start)
	r.tell(summaryEvent{"summary", r.op, r.done, r.skipped, r.failed, r.left, r.bytes, elapsed.Seconds()})
	if !r.json && !r.quiet {
		_, _ = fmt.Fprintf(r.env.Stdout, "%s: %s in %s (%s)%s\n", ui.Counted(r.done, "file"), ui.Counted(r.bytes, "byte"), elapsed.Round(time.Millisecond),
			ui.Rate(r.bytes, elapsed), r.others())
	}
	for _, f := range r.failures {
		r.notice("sealane: %s: %s", ui.Safe(f.name), ui.Safe(oneLine(f.err)))
	}
	if more := r.failed - len(r.failures); more > 0 {
		r.notice("sealane: and %s", ui.Counted(more, "more failure"))
	}
	const goOn = "run the same command again with --resume to go on: what is done is not moved again"
	switch {
	case errors.Is(cause, context.Canceled):
		return withHint(cause, goOn)
	case cause != nil && r.done+r.skipped == 0:
		return cause
	case cause != nil:
		return withHint(fmt.Errorf("%w, the run was ended: %s failed, %s done", errPartly, ui.Counted(r.failed, "file"), ui.Counted(r.done, "file")), goOn)
	case r.failed > 0 && r.done+r.skipped == 0:
		return r.first
	case r.failed > 0:
		return withHint(fmt.Errorf("%w: %s failed, %s done", errPartly, ui.Counted(r.failed, "file"), ui.Counted(r.done, "file")), goOn)
	}
	return nil
}

// others counts what was not moved.
func (r *reporter) others() string {
	text := ""
	if r.skipped > 0 {
		text += fmt.Sprintf(", %s not moved", ui.Count(int64(r.skipped)))
	}
	if r.failed > 0 {
		text += fmt.Sprintf(", %s failed", ui.Count(int64(r.failed)))
	}
	if r.left > 0 {
		text += fmt.Sprintf(", %s broken off", ui.Count(int64(r.left)))
	}
	return text
}
