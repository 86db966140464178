package ftpserver

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdRang takes the first and the last byte, both included, for the RETR or HASH that
// follows; a first one behind the last means all again (draft-bryan-ftp-range-08 §3).
func cmdRang(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	from, to, _ := strings.Cut(arg, " ")
	first, ferr := strconv.ParseInt(from, 10, 64)
	last, lerr := strconv.ParseInt(to, 10, 64)
	if ferr != nil || lerr != nil || !isNumber(from) || !isNumber(to) || last == math.MaxInt64 {
		return ftp.Replyf(ftp.Code501BadParameter, "RANG needs two byte positions."), nil
	}
	if first > last {
		return ftp.Replyf(ftp.Code350Pending, "The range is all of the file."), nil
	}
	s.next.rest, s.next.end = first, last+1
	return ftp.Replyf(ftp.Code350Pending, "The range is %d to %d.", first, last), nil
}

// noRange refuses a range in front of an upload, which has no use for its end.
func (s *session) noRange() error {
	if s.given.end > 0 {
		return refuse(ftp.Code501BadParameter, "RANG is for RETR and HASH; send REST.")
	}
	return nil
}
