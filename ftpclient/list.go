package ftpclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/listing"
	"github.com/sealane/sealane/vfs"
)

// maxSkipped is how many lines that cannot be read end a listing.
const maxSkipped = 1000

// maxListLine bounds one line of a listing, in bytes.
const maxListLine = listing.MaxLine

// MaxListEntries is how many entries List gives at most. With more the sequence ends with
// ErrTooManyEntries.
const MaxListEntries = 10_000_000

// ErrTooManyEntries means a listing of more than MaxListEntries. It comes wrapped, with
// ErrProtocol.
var ErrTooManyEntries = listing.ErrTooMany

// List streams the entries of directory dir (MLSD, RFC 3659 §7), in the
// server's order and without the directory itself and its parent. Of a server
// without MLSD it reads LIST, in the form that the server has: times are then
// to the minute or to the day, and in a zone that nobody knows. An error ends
// the sequence, and what came before it is then incomplete: a line that cannot
// be read (IncompleteError: it comes last, behind all entries that can), an end that
// is not clean and a missing 226 all are errors. The names
// are the server's; whether one is safe to use as a local name is for the caller
// to judge. Nothing but one line is held, of at most 64 KiB, and an entry holds no more
// than its own name and fact: who keeps entries has to bound how many. Until the sequence ends no other method may be called (ErrBusy).
func (c *Client) List(ctx context.Context, dir string) iter.Seq2[vfs.Entry, error] {
	return func(yield func(vfs.Entry, error) bool) {
		end, err := c.begin(ctx)
		if err != nil {
			yield(vfs.Entry{}, err)
			return
		}
		stopped := false
		err = end(c.list(ctx, dir, func(e vfs.Entry) bool {
			stopped = !yield(e, nil)
			return !stopped
		}))
		if err != nil && !stopped {
			yield(vfs.Entry{}, err)
		}
	}
}

// IncompleteError ends a listing of which some lines could not be read. It wraps ErrProtocol and the reason.
type IncompleteError struct {
	Skipped int    // lines
	First   string // the first of them, at most 200 bytes; raw, as the server sent it
	Err     error  // what is wrong with it
}

// Error tells how many lines there are, and what is wrong.
func (e *IncompleteError) Error() string {
	return fmt.Sprintf("%v: the listing has %d lines that cannot be read: %v", ErrProtocol, e.Skipped, e.Err)
}

// Unwrap gives both kinds.
func (e *IncompleteError) Unwrap() []error { return []error{ErrProtocol, e.Err} }

func (e *IncompleteError) skip(line string, err error) {
	if e.Skipped++; e.Skipped == 1 {
		e.First, e.Err = strings.Clone(line[:min(len(line), 200)]), err
	}
}

// list calls each for every entry until it returns false.
func (c *Client) list(ctx context.Context, dir string, each func(vfs.Entry) bool) error {
	if !c.noMLSD {
		t, err := c.transfer(ctx, false, 0, "MLSD", dir)
		if err == nil {
			return t.entries(atMost(MaxListEntries, parseMLSD), each)
		}
		var refused *ftp.Error
		if !unknownCommand(err) || errors.As(err, &refused) && refused.Command != "MLSD" {
			return err // that of EPSV or PASV says nothing of MLSD
		}
		c.noMLSD = true
	}
	return c.listLines(ctx, dir, each)
}

// listLines is list for a server without MLSD. LIST gets no path: many servers take
// one with spaces, a dash or a star in it for something else.
func (c *Client) listLines(ctx context.Context, dir string, each func(vfs.Entry) bool) error {
	back, err := c.pwd()
	if err != nil {
		return err
	}
	if _, err := c.expect(ftp.Completion, "CWD", dir); err != nil {
		return err
	}
	t, err := c.transfer(ctx, false, 0, "LIST")
	if err == nil {
		err = t.lines(each)
	}
	if c.lost() != nil {
		return err
	}
	_, berr := c.expect(ftp.Completion, "CWD", back)
	if err == nil {
		err = berr
	}
	return err
}

// lines reads a listing in whatever form the server has.
func (t *transfer) lines(each func(vfs.Entry) bool) error {
	p := listing.NewParser(time.Now(), MaxListEntries)
	err := t.entries(func(line string) (vfs.Entry, bool, error) {
		item, ok, err := p.Line(line)
		return item.Entry, ok, err
	}, each)
	var incomplete *IncompleteError
	if err != nil && !errors.As(err, &incomplete) {
		return err
	}
	_ = p.End() // counted
	// A line can also turn out later to have been half an entry.
	if n, first, why := p.Skipped(); n > 0 {
		return &IncompleteError{Skipped: n, First: first, Err: why}
	}
	return err
}

// parseMLSD reads a line of MLSD; ok is false for one that is no entry.
func parseMLSD(line string) (e vfs.Entry, ok bool, err error) {
	if listing.IsSelf(line) {
		return e, false, nil
	}
	e, err = listing.ParseMLSx(line)
	return e, err == nil, err
}

// atMost is parse for so many entries.
func atMost(entries int, parse func(string) (vfs.Entry, bool, error)) func(string) (vfs.Entry, bool, error) {
	return func(line string) (vfs.Entry, bool, error) {
		e, ok, err := parse(line)
		if ok {
			if entries--; entries < 0 {
				return vfs.Entry{}, false, listing.ErrTooMany
			}
		}
		return e, ok, err
	}
}

// entries reads a listing from the data connection, line by line.
func (t *transfer) entries(parse func(string) (vfs.Entry, bool, error), each func(vfs.Entry) bool) error {
	whole := false
	defer func() {
		if !whole { // also when the caller's loop panics
			t.cut()
		}
	}()
	var incomplete IncompleteError
	lines := bufio.NewScanner(t.data)
	lines.Buffer(make([]byte, 0, 4096), maxListLine)
	for lines.Scan() {
		raw := strings.TrimSuffix(lines.Text(), "\r")
		var e vfs.Entry
		ok := false
		line, err := t.c.decodeLine(raw)
		if err == nil {
			e, ok, err = parse(line)
			// What is left of the line must not be kept by who keeps the entry: it may be 64
			// KiB of facts around a name of one byte.
			e.Name, e.Unique = strings.Clone(e.Name), strings.Clone(e.Unique)
		}
		if errors.Is(err, listing.ErrTooMany) {
			t.cut()
			return t.explain(fmt.Errorf("%w: %w", ErrProtocol, err))
		}
		if err != nil {
			if incomplete.skip(raw, err); incomplete.Skipped > maxSkipped {
				t.cut()
				return t.explain(&incomplete)
			}
		}
		if ok && !each(e) {
			t.cut()
			t.wait(t.c.opt.Timeout) // 426 or 226: either way the session is free again
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		t.cut()
		if errors.Is(err, bufio.ErrTooLong) {
			return t.explain(fmt.Errorf("%w: the listing has a line that is too long", ErrProtocol))
		}
		return t.explain(t.dataError(err))
	}
	whole = true
	t.finish()
	if f := t.wait(t.c.opt.FinishTimeout); f.err != nil {
		return fmt.Errorf("%w: the listing ended, but the server did not confirm it: %w", ErrNotVerified, f.err)
	}
	if incomplete.Skipped > 0 {
		return &incomplete
	}
	return nil
}
