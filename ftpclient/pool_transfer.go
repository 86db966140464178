package ftpclient

import (
	"context"
	"io"
	"time"

	"github.com/sealane/sealane/ftp"
)

// Retrieve completes f from the file that u names, as Client.ResumeRetrieve does,
// and after failures that are temporary goes on from where it stopped, with another
// connection if need be. The Result is of the last attempt. If the file has another
// time of change than at the attempt before (MDTM), f is emptied first.
func (p *Pool) Retrieve(ctx context.Context, u ftp.URL, f File) (Result, error) {
	res := Result{Size: -1}
	var changed time.Time
	err := p.opt.Retry.run(ctx, func() (bool, error) {
		c, err := p.Get(ctx, u)
		if err != nil {
			return false, err
		}
		defer p.Put(c)
		if changed, err = sameAsBefore(ctx, c, u.Path, f, changed); err != nil {
			return false, err
		}
		res, err = c.ResumeRetrieve(ctx, u.Path, f)
		return res.Bytes > overlap, err
	})
	return res, err
}

// sameAsBefore empties f if the file was changed since before. It returns the time
// of change, zero where it is not known.
func sameAsBefore(ctx context.Context, c *Client, path string, f File, before time.Time) (time.Time, error) {
	if !c.HasFeature("MDTM") {
		return before, nil
	}
	now, err := c.ModTime(ctx, path)
	if err != nil {
		if c.lost() != nil {
			return before, err
		}
		return before, nil // refused, or no time: RETR will tell if that matters
	}
	if !before.IsZero() && !now.Equal(before) {
		err = f.Truncate(0)
	}
	return now, err
}

// Store copies f to the file that u names, and after failures that are temporary
// goes on from where it stopped, with another connection if need be. With resume, or
// after a failure, it does as Client.ResumeStore does; but where an older file was
// there and the server offers no hash to tell both apart (Options.Check), a failure
// leads back to the beginning. The Result is of the last attempt.
func (p *Pool) Store(ctx context.Context, u ftp.URL, f io.ReadSeeker, resume bool) (Result, error) {
	res := Result{Size: -1}
	first, older := true, true
	err := p.opt.Retry.run(ctx, func() (bool, error) {
		c, err := p.Get(ctx, u)
		if err != nil {
			return false, err
		}
		defer p.Put(c)
		if first {
			if older, err = c.holds(ctx, u.Path); err != nil {
				return false, err
			}
		}
		goOn := resume || !first && (!older || c.opt.Check == CheckHash && len(c.hashers()) > 0)
		first = false
		if goOn {
			res, err = c.ResumeStore(ctx, u.Path, f)
			return res.Bytes > 0, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return false, err
		}
		res, err = c.Store(ctx, u.Path, 0, f)
		return false, err
	})
	return res, err
}

// holds reports whether there is a file at path, or may be.
func (c *Client) holds(ctx context.Context, path string) (bool, error) {
	if !c.HasFeature("SIZE") {
		return true, nil
	}
	_, err := c.Size(ctx, path)
	if err != nil && c.lost() != nil {
		return true, err
	}
	return !c.refused(err), nil
}
