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
	r, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
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
