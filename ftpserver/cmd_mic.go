package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdMic answers MIC, CONF and ENC, which wrap single commands: TLS protects them
// all, so it has no such level (RFC 2228 §3). What they carry is not looked at.
func cmdMic(_ context.Context, s *session, _ string) (ftp.Reply, error) {
	if s.conn.TLS() == nil {
		return ftp.Replyf(ftp.Code503BadSequence, "Send AUTH TLS first."), nil
	}
	return ftp.Replyf(ftp.Code537ProtNotForMechanism, "TLS protects every command; send it as it is."), nil
}
