package ftpserver

import (
	"context"
	"strconv"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdAllo says whether an upload of so many bytes has room; nothing is reserved (RFC
// 959 §4.1.3). The size of records, "R m", means nothing here.
func cmdAllo(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	size, records, more := strings.Cut(arg, " ")
	letter, record, _ := strings.Cut(records, " ")
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || !isNumber(size) || more && (!strings.EqualFold(letter, "R") || !isNumber(record)) {
		return ftp.Replyf(ftp.Code501BadParameter, "ALLO needs a number of bytes, and may have R and a size of records."), nil
	}
	room, err := s.grant.FS.Space(ctx, s.cwd)
	switch {
	case err != nil:
		return ftp.Reply{}, err
	case room.Free < 0:
		return ftp.Replyf(ftp.Code202Superfluous, "No need to allocate."), nil
	case room.Free < n:
		return ftp.Replyf(ftp.Code504BadParameterValue, "Only %d bytes are free.", room.Free), nil
	}
	return ftp.Replyf(ftp.Code200OK, "There is room."), nil
}
