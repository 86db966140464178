package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/internal/trail"
)

func newLogTailCommand(env *Env) *cobra.Command {
	r := &logReader{logCommand: logCommand{env: env}}
	lines, follow := 0, false
	cmd := &cobra.Command{
		Use:     "tail",
		Short:   "Show the last lines of the trail, and those to come",
		Example: "  sealane log tail -f --verdict refused --verdict failed",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if lines < 0 {
				return usagef("--lines must not be below 0")
			}
			return r.tail(cmd.Context(), lines, follow)
		},
	}
	r.flags(cmd)
	cmd.Flags().IntVarP(&lines, "lines", "n", 20, "how many `LINES`")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with new lines until it is interrupted")
	return cmd
}

// keptLine is a line to be shown later.
type keptLine struct {
	line trail.Line
	raw  []byte
}

func (r *logReader) tail(ctx context.Context, n int, follow bool) error {
	if err := r.prepare(time.Now()); err != nil {
		return err
	}
	dir, files, err := r.files()
	if err != nil {
		return err
	}
	p := r.printer()
	var active *os.File
	if follow {
		// Opened before the lines are read, so that none comes in between.
		if active, err = os.Open(filepath.Join(dir, files[len(files)-1].Name)); err != nil {
			return err
		}
		if _, err := active.Seek(0, io.SeekEnd); err != nil {
			return errors.Join(err, active.Close())
		}
	}
	last, unreadable, err := r.last(ctx, files, n)
	if err != nil {
		return errors.Join(aboutTrail(dir, err), closeIf(active))
	}
	for _, k := range last {
		if err := p.print(&k.line, k.raw); err != nil {
			return errors.Join(err, closeIf(active))
		}
	}
	if err := r.tellUnreadable(unreadable); err != nil || !follow {
		return err
	}
	return r.follow(ctx, active, p)
}

// last gives the last n lines that get through the filter, and how many lines of the files
// that it has read are damaged.
func (r *logReader) last(ctx context.Context, files []trail.File, n int) (last []keptLine, unreadable int, err error) {
	for _, f := range slices.Backward(files) {
		if len(last) >= n && !f.Active {
			break
		}
		var here []keptLine
		bad, err := trail.Scan(ctx, []trail.File{f}, func(l trail.Line, raw []byte) error {
			r.read = max(r.read, l.Seq)
			if n > 0 && r.takes(&l.Event) {
				if len(here) == n {
					here = slices.Delete(here, 0, 1)
				}
				here = append(here, keptLine{l, bytes.Clone(raw)})
			}
			return nil
		})
		if err != nil {
			return nil, unreadable, err
		}
		unreadable += bad
		last = append(here[max(0, len(here)+len(last)-n):], last...)
	}
	return last, unreadable, nil
}

// pollEvery is how often a file is looked at that is being followed.
const pollEvery = 250 * time.Millisecond

// follow prints what is added to the active file, and to the one that takes its place.
func (r *logReader) follow(ctx context.Context, f *os.File, p linePrinter) error {
	name := f.Name()
	defer func() { f.Close() }()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var part []byte // of a line
	for {
		// Before the file is read to its end: what comes behind goes into the next one.
		next, err := successor(name, f)
		if err != nil {
			return err
		}
		if part, err = r.drain(f, part, p); err != nil {
			return errors.Join(err, closeIf(next))
		}
		if next != nil {
			f.Close()
			f, part = next, nil
			if err := r.between(ctx, filepath.Dir(name), p); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		}
	}
}

// between prints the lines of files that came and went between two looks. next is open
// already: its lines stand behind theirs.
func (r *logReader) between(ctx context.Context, dir string, p linePrinter) error {
	files, err := trail.Files(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Active || f.First <= r.read {
			continue
		}
		if _, err := trail.Scan(ctx, []trail.File{f}, func(l trail.Line, raw []byte) error { return r.printNew(&l, raw, p) }); err != nil {
			return err
		}
	}
	return nil
}

// printNew prints a line that was not read before and gets through the filter.
func (r *logReader) printNew(l *trail.Line, raw []byte, p linePrinter) error {
	if l.Seq <= r.read {
		return nil
	}
	if r.read = l.Seq; !r.takes(&l.Event) {
		return nil
	}
	return p.print(l, bytes.Clone(raw))
}

func closeIf(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// successor opens the file of that name if it is not f any more.
func successor(name string, f *os.File) (*os.File, error) {
	now, err := os.Stat(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // between two files
	}
	if err != nil {
		return nil, err
	}
	own, err := f.Stat()
	if err != nil || os.SameFile(now, own) {
		return nil, err
	}
	return os.Open(name)
}

// longestFollowed bounds what is held of a line that has no end yet.
const longestFollowed = 4 << 20

// drain prints the lines of f from where it stands to its end.
func (r *logReader) drain(f io.Reader, part []byte, p linePrinter) ([]byte, error) {
	var buf [64 << 10]byte
	for {
		n, err := f.Read(buf[:])
		part = append(part, buf[:n]...)
		for {
			raw, rest, whole := bytes.Cut(part, []byte("\n"))
			if !whole {
				break
			}
			if l, perr := trail.ParseLine(raw); perr == nil {
				if perr := r.printNew(&l, raw, p); perr != nil {
					return part, perr
				}
			}
			part = rest
		}
		if len(part) > longestFollowed {
			part = nil
		}
		if err == io.EOF {
			return bytes.Clone(part), nil
		}
		if err != nil {
			return part, err
		}
	}
}
