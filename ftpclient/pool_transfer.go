package ftpclient

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sealane/sealane/ftp"
)

// persist does f until it succeeds, fails for good, or has failed too often. A transfer
// is tried again after what is Temporary, and also where both ends called it complete
// and yet the sizes differ or a hash does: some servers take a connection that was cut for
// the end of the file. Of the latter only Attempts in all are made, however far each gets,
// since a server may give a wrong size of every file. anew says that a hash has differed,
// so that nothing of what is there counts; f may take it back.
func (p *Pool) persist(ctx context.Context, f func(anew *bool) (gotOn bool, err error)) error {
	anew, left := false, p.opt.Retry.attempts()
	return p.opt.Retry.loop(ctx, func(err error) bool {
		if unproven(err) {
			left--
			return left > 0
		}
		return Temporary(err)
	}, func() (bool, error) {
		gotOn, err := f(&anew)
		var other otherContent
		anew = anew || errors.As(err, &other)
		return gotOn && !unproven(err), err
	})
}

// unproven reports whether a transfer has failed by nothing but that the file is not
// what was moved.
func unproven(err error) bool {
	var differs differing
	return errors.As(err, &differs) || errors.Is(err, errEarly)
}

// Retrieve completes f from the file that u names, as Client.ResumeRetrieve does,
// and after failures that are temporary goes on from where it stopped, with another
// connection if need be. A size that differs is tried again as well, and a hash that
// does from the beginning. The Result is of the last attempt, with the time of change
// (MDTM) from before the data. If that is another one than at the attempt before, f is
// emptied first.
func (p *Pool) Retrieve(ctx context.Context, u ftp.URL, f File) (Result, error) {
	res := Result{Size: -1}
	var changed time.Time
	err := p.persist(ctx, func(anew *bool) (bool, error) {
		c, err := p.Get(ctx, u)
		if err != nil {
			return false, err
		}
		defer p.Put(c)
		if *anew {
			if err := f.Truncate(0); err != nil {
				return false, err
			}
			*anew = false
		}
		have, err := f.Seek(0, io.SeekEnd)
		if err == nil && have == 0 {
			res, err = c.RetrieveFile(ctx, u.Path, f)
			if !res.ModTime.IsZero() {
				changed = res.ModTime
			}
			return res.Bytes > overlap, err
		}
		if err == nil {
			changed, err = sameAsBefore(ctx, c, u.Path, f, changed)
		}
		if err != nil {
			return false, err
		}
		res, err = c.ResumeRetrieve(ctx, u.Path, f)
		res.ModTime = changed
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
// leads back to the beginning. So does a hash that differs; a size that does counts as a
// failure that is temporary. The Result is of the last attempt.
func (p *Pool) Store(ctx context.Context, u ftp.URL, f io.ReadSeeker, resume bool) (Result, error) {
	return p.storeFile(ctx, u, f, FileInfo{}, resume, 0)
}

// wholeAgain is up to which size, in bytes, StoreFile sends an upload that failed again
// from its beginning: not to have to ask first whether there is an older file, which
// would cost every small one a round trip.
const wholeAgain = 1 << 20

// StoreFile is Store that also sets what info says, as Client.StoreFile does, and that
// begins anew with up to 1 MiB after a failure.
func (p *Pool) StoreFile(ctx context.Context, u ftp.URL, f io.ReadSeeker, info FileInfo, resume bool) (Result, error) {
	return p.storeFile(ctx, u, f, info, resume, wholeAgain)
}

// storeFile asks for what is there only of files of more than small bytes.
func (p *Pool) storeFile(ctx context.Context, u ftp.URL, f io.ReadSeeker, info FileInfo, resume bool, small int64) (Result, error) {
	res := Result{Size: -1}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return res, err
	}
	if info.Size == 0 {
		info.Size = size
	}
	first, older := true, true
	err = p.persist(ctx, func(anew *bool) (bool, error) {
		c, err := p.Get(ctx, u)
		if err != nil {
			return false, err
		}
		defer p.Put(c)
		if first && !resume && size > small {
			if older, err = c.holds(ctx, u.Path); err != nil {
				return false, err
			}
		}
		goOn := !*anew && (resume || !first && (!older || c.opt.Check == CheckHash && len(c.hashers()) > 0))
		first = false
		if goOn {
			if res, err = c.ResumeStore(ctx, u.Path, f); err == nil && !info.ModTime.IsZero() {
				err = c.SetModTime(ctx, u.Path, info.ModTime)
				if res.ModTimeSet = err == nil; c.refused(err) || errors.Is(err, ErrProtocol) && c.lost() == nil {
					err = nil // the file is there
				}
			}
			return res.Bytes > 0, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return false, err
		}
		res, err = c.StoreFile(ctx, u.Path, f, info)
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
