package ftpserver

import (
	"slices"
	"time"

	"github.com/sealane/sealane/internal/dataconn"
)

// DataPortCounts says what became of connections to data ports, and of the requests
// for one (PASV, EPSV), since the start.
type DataPortCounts struct {
	Strangers uint64 // connections from another address, or where none was expected
	Headless  uint64 // of trusted proxies, without a good header
	Failed    uint64 // failed in their TLS handshake
	Dropped   uint64 // lost to another connection for the same transfer
	Unproven  uint64 // completed a handshake that resumed no session of the account
	Rivals    uint64 // transfers lost because two unproven connections claimed them

	Waits       uint64        // requests that had to wait for a shared port
	Waited      time.Duration // all of them together
	LongestWait time.Duration
	WaitBuckets [5]uint64 // waits up to 10 ms, 100 ms, 1 s, 10 s, and longer
	Fallbacks   uint64    // requests that got a port of the fallback range
	Refused     uint64    // requests that got no shared port and had no fallback: 425
	Lapses      uint64    // shared ports whose client never connected
}

// DataPortCounts reads the counts; they are those of one moment each, not all of the
// same. Those of the Servers that s succeeded are in them. Before the server has been
// started they are zero.
func (s *Server) DataPortCounts() DataPortCounts {
	if s.prepare() != nil {
		return DataPortCounts{}
	}
	s.mu.Lock()
	c, open := s.past, slices.Clone(s.hub.ports)
	s.mu.Unlock()
	for _, p := range open {
		c = c.plus(p.counts())
	}
	return c
}

func (d *dataPorts) counts() DataPortCounts {
	var c dataconn.SharedCounts
	if d.shared != nil {
		c = d.shared.Counts()
	}
	out := DataPortCounts{
		Strangers: c.Strangers, Headless: c.Headless, Failed: c.Failed, Dropped: c.Dropped, Unproven: c.Unproven, Rivals: c.Rivals,
		Waits: c.Waits, Waited: c.Waited, LongestWait: c.LongestWait, WaitBuckets: c.WaitBuckets,
		Fallbacks: c.Fallbacks, Refused: c.Refused, Lapses: c.Lapses,
	}
	if d.exclusive != nil {
		x := d.exclusive.Counts()
		out = out.plus(DataPortCounts{
			Strangers: x.Strangers, Headless: x.Headless, Failed: x.Failed, Dropped: x.Dropped, Unproven: x.Unproven, Rivals: x.Rivals,
		})
	}
	return out
}

func (c DataPortCounts) plus(d DataPortCounts) DataPortCounts {
	c.Strangers += d.Strangers
	c.Headless += d.Headless
	c.Failed += d.Failed
	c.Dropped += d.Dropped
	c.Unproven += d.Unproven
	c.Rivals += d.Rivals
	c.Waits += d.Waits
	c.Waited += d.Waited
	c.LongestWait = max(c.LongestWait, d.LongestWait)
	for i := range c.WaitBuckets {
		c.WaitBuckets[i] += d.WaitBuckets[i]
	}
	c.Fallbacks += d.Fallbacks
	c.Refused += d.Refused
	c.Lapses += d.Lapses
	return c
}
