package ftpclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/listing"
	"github.com/sealane/sealane/vfs"
)

// maxListLine bounds one line of a listing, in bytes.
const maxListLine = 64 << 10

// List streams the entries of directory dir (MLSD, RFC 3659 §7), in the
// server's order and without the directory itself and its parent. An error ends
// the sequence, and what came before it is then incomplete: a line that cannot
// be read, an end that is not clean and a missing 226 all are errors. The names
// are the server's; whether one is safe to use as a local name is for the caller
// to judge. Until the sequence ends no other method may be called (ErrBusy).
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

// list calls each for every entry until it returns false.
func (c *Client) list(ctx context.Context, dir string, each func(vfs.Entry) bool) error {
	t, err := c.transfer(ctx, false, 0, "MLSD", dir)
	if err != nil {
		return err
	}
	whole := false
	defer func() {
		if !whole { // also when the caller's loop panics
			t.cut()
		}
	}()
	lines := bufio.NewScanner(t.data)
	lines.Buffer(make([]byte, 0, 4096), maxListLine)
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if listing.IsSelf(line) {
			continue
		}
		e, err := listing.ParseMLSx(line)
		if err != nil {
			t.cut()
			return t.explain(fmt.Errorf("%w: the listing has a line that cannot be read: %w", ErrProtocol, err))
		}
		if !each(e) {
			t.cut()
			t.wait(c.opt.Timeout) // 426 or 226: either way the session is free again
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
	if f := t.wait(c.opt.FinishTimeout); f.err != nil {
		return fmt.Errorf("%w: the listing ended, but the server did not confirm it: %w", ErrNotVerified, f.err)
	}
	return nil
}

// Stat describes one file or directory (MLST, RFC 3659 §7).
func (c *Client) Stat(ctx context.Context, name string) (vfs.Entry, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return vfs.Entry{}, err
	}
	r, err := c.expect(ftp.Completion, "MLST", name)
	if err != nil {
		return vfs.Entry{}, end(err)
	}
	if len(r.Lines) < 3 {
		return vfs.Entry{}, end(fmt.Errorf("%w: MLST gave no entry", ErrProtocol))
	}
	e, err := listing.ParseMLSx(r.Lines[1])
	if err != nil {
		return vfs.Entry{}, end(fmt.Errorf("%w: %w", ErrProtocol, err))
	}
	e.Name = path.Base(name) // the reply repeats the path, in whatever form the server likes
	return e, end(nil)
}
