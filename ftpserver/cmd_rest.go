package ftpserver

import (
	"context"
	"strconv"

	"github.com/sealane/sealane/ftp"
)

// cmdRest takes the byte offset for the transfer that follows (RFC 3659 §5.3).
// Whether the file reaches that far is judged there.
func cmdRest(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	n, err := strconv.ParseInt(arg, 10, 64)
	if err != nil || !isNumber(arg) { // ParseInt would take a sign
		return ftp.Replyf(ftp.Code501BadParameter, "REST needs a byte offset."), nil
	}
	s.next.rest = n
	return ftp.Replyf(ftp.Code350Pending, "Restarting at %d.", n), nil
}

// restart gives the offset of REST for a transfer. In TYPE A bytes of the file
// and bytes on the wire differ, so an offset would mean nothing exact.
func (s *session) restart() (int64, error) {
	if (s.given.rest > 0 || s.given.end > 0) && s.typ == typeASCII {
		return 0, refuse(ftp.Code554BadRestart, "REST and RANG need TYPE I.")
	}
	return s.given.rest, nil
}
