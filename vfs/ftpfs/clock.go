package ftpfs

import (
	"context"
	"time"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

// Clock says what the times that List gives are worth, for who compares them with
// those of another storage.
type Clock struct {
	// Precision is by how much a time may be before the true one: what is finer is cut
	// off. OldPrecision is that of files that are listed without a time of day, as most
	// servers list those older than half a year; their times are at 00:00.
	Precision, OldPrecision time.Duration
	// Skew is by how much listed times are ahead of UTC, because a listing is in the
	// zone of the server. 0 if not Known.
	Skew time.Duration
	// Known says that Skew is certain. If it is not, the times of List may be off by
	// up to 14 hours either way.
	Known bool
}

// zoneStep is what all zones of the world are multiples of.
const zoneStep = 15 * time.Minute

// maxZone is how far a zone can be from UTC.
const maxZone = 14 * time.Hour

// maxProbes bounds how many files Clock asks for.
const maxProbes = 8

// Clock says what the listed times of the server are worth. With MLSD they are UTC, to
// the second (RFC 3659 §2.3). With LIST they are to the minute, or for older files to
// the day, in a zone that nobody tells: it is found by comparing what MDTM says of some
// files right below the root, and is not Known where there is none, or they disagree.
func (f *FS) Clock(ctx context.Context) (Clock, error) {
	if f.told.mlst {
		return Clock{Precision: time.Second, OldPrecision: time.Second, Known: true}, nil
	}
	clock := Clock{Precision: time.Minute, OldPrecision: 24 * time.Hour}
	if !f.told.mdtm {
		return clock, nil
	}
	err := f.with(ctx, "find out the clock of", vfs.Path{}, func(c *ftpclient.Client) error {
		skew, known, err := f.zone(ctx, c)
		if known {
			clock.Skew, clock.Known = skew, true
		}
		return err
	})
	return clock, err
}

// zone compares listed times with those of MDTM.
func (f *FS) zone(ctx context.Context, c *ftpclient.Client) (skew time.Duration, known bool, err error) {
	probes, err := f.probes(ctx, c)
	if err != nil {
		return 0, false, err
	}
	for _, e := range probes {
		p, err := vfs.Path{}.Join(e.Name)
		if err != nil {
			continue
		}
		utc, err := c.ModTime(ctx, f.remote(p))
		if permanent(err) {
			continue
		}
		if err != nil {
			return 0, false, err
		}
		// The listing has cut the seconds off.
		off := e.ModTime.Sub(utc.Truncate(time.Minute))
		switch {
		case off%zoneStep != 0 || off.Abs() > maxZone:
			continue // was changed meanwhile, or has no time of day
		case known && off != skew:
			return 0, false, nil // summer and winter, or MDTM is not UTC
		}
		skew, known = off, true
	}
	return skew, known, nil
}

// probes gives some files of the root that are listed with a time of day.
func (f *FS) probes(ctx context.Context, c *ftpclient.Client) ([]vfs.Entry, error) {
	var probes []vfs.Entry
	for e, err := range c.List(ctx, f.remote(vfs.Path{})) {
		if err != nil {
			return nil, f.verdict(ctx, c, vfs.Path{}, err, notDir)
		}
		h, m, s := e.ModTime.Clock()
		if e.Kind == vfs.KindFile && nameable(e.Name) && h+m+s > 0 {
			if probes = append(probes, e); len(probes) == maxProbes {
				break
			}
		}
	}
	return probes, nil
}
