package ftpserver

import (
	"context"
	"strconv"

	"github.com/sealane/sealane/ftp"
)

// cmdPbsz takes the protection buffer size, which has no meaning under TLS and is
// always 0 (RFC 4217 §8).
func cmdPbsz(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	switch {
	case s.cleared:
		return s.afterCcc(), nil
	case s.conn.TLS() == nil:
		return ftp.Replyf(ftp.Code503BadSequence, "Send AUTH TLS first."), nil
	}
	if _, err := strconv.ParseUint(arg, 10, 32); err != nil {
		return ftp.Replyf(ftp.Code501BadParameter, "PBSZ needs a number below 2^32."), nil
	}
	s.pbsz = true
	return ftp.Replyf(ftp.Code200OK, "PBSZ=0"), nil
}
