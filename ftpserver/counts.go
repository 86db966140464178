package ftpserver

import (
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
// same. Before the server has been started they are zero.
func (s *Server) DataPortCounts() DataPortCounts {
	if s.prepare() != nil {
		return DataPortCounts{}
	}
	var c dataconn.SharedCounts
	if s.shared != nil {
		c = s.shared.Counts()
	}
	if s.exclusive != nil {
		x := s.exclusive.Counts()
		c.Strangers += x.Strangers
		c.Headless += x.Headless
		c.Failed += x.Failed
		c.Dropped += x.Dropped
		c.Unproven += x.Unproven
		c.Rivals += x.Rivals
	}
	return DataPortCounts{
		Strangers: c.Strangers, Headless: c.Headless, Failed: c.Failed, Dropped: c.Dropped, Unproven: c.Unproven, Rivals: c.Rivals,
		Waits: c.Waits, Waited: c.Waited, LongestWait: c.LongestWait, WaitBuckets: c.WaitBuckets,
		Fallbacks: c.Fallbacks, Refused: c.Refused, Lapses: c.Lapses,
	}
}
