package ftpserver

import (
	"context"
	"strconv"
	"time"

	"github.com/sealane/sealane/ftp"
)

// leastIdle is the shortest time between commands that a client may set for itself,
// unless that of the server is shorter.
const leastIdle = 30 * time.Second

// siteIdle tells after how long without a command the session ends, or sets that:
// within what the server allows.
func siteIdle(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	least, most := int64(min(leastIdle, s.srv.Limits.Idle).Seconds()), int64(s.srv.Limits.Idle.Seconds())
	if arg == "" {
		return ftp.Replyf(ftp.Code200OK, "The idle limit is %d seconds; %d to %d can be set.", int64(s.idleLimit().Seconds()), least, most), nil
	}
	n, err := strconv.ParseInt(arg, 10, 64)
	switch {
	case !isNumber(arg):
		return ftp.Replyf(ftp.Code501BadParameter, "SITE IDLE takes seconds."), nil
	case err != nil || n < least || n > most:
		return ftp.Replyf(ftp.Code504BadParameterValue, "The idle limit can be %d to %d seconds.", least, most), nil
	}
	s.idle = time.Duration(n) * time.Second
	return ftp.Replyf(ftp.Code200OK, "The idle limit is %d seconds.", n), nil
}

// idleLimit is how long the session waits for a command.
func (s *session) idleLimit() time.Duration {
	if s.idle > 0 {
		return s.idle
	}
	return s.srv.Limits.Idle
}
