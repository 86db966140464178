package trail

import (
	"context"
	"errors"
	"io"
)

// Scan calls do with every line of the files that can be read, in their order, and with
// its bytes, which are good until it returns. Others are counted.
func Scan(ctx context.Context, files []File, do func(l Line, raw []byte) error) (unreadable int, err error) {
	for _, f := range files {
		n, err := scanFile(ctx, f, do)
		unreadable += n
		if err != nil {
			return unreadable, err
		}
	}
	return unreadable, nil
}

func scanFile(ctx context.Context, f File, do func(Line, []byte) error) (unreadable int, err error) {
	if f.Active {
		return scanActive(ctx, f, do)
	}
	r, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return scanLines(ctx, f, r, do)
}

// scanActive goes through the active file, and before it through those that have become old
// ones since it was listed.
func scanActive(ctx context.Context, f File, do func(Line, []byte) error) (unreadable int, err error) {
	old, active, err := snapshot(f.dir)
	if err != nil {
		return 0, err
	}
	if active != nil {
		defer active.Close()
	}
	for _, o := range old {
		if o.First <= f.after {
			continue
		}
		n, err := scanFile(ctx, o, do)
		unreadable += n
		if err != nil {
			return unreadable, err
		}
	}
	if active == nil {
		return unreadable, nil
	}
	n, err := scanLines(ctx, f, active, do)
	return unreadable + n, err
}

func scanLines(ctx context.Context, f File, r io.Reader, do func(Line, []byte) error) (unreadable int, err error) {
	lines := NewLines(r)
	for {
		if err := ctx.Err(); err != nil {
			return unreadable, err
		}
		raw, err := lines.Next()
		switch {
		case err == io.EOF:
			return unreadable, nil
		case errors.Is(err, errCut) && f.Active:
			continue // being written
		case errors.Is(err, errLong), errors.Is(err, errCut):
			unreadable++
			continue
		case err != nil:
			return unreadable + 1, nil // a damaged gzip has no more
		}
		l, err := ParseLine(raw)
		if err != nil {
			unreadable++
			continue
		}
		if err := do(l, raw); err != nil {
			return unreadable, err
		}
	}
}
