package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
)

// cmdAdat would carry the data of a security exchange; that of TLS takes place on
// the connection itself, so none ever waits for it (RFC 2228 §3, RFC 4217 §5).
func cmdAdat(context.Context, *session, string) (ftp.Reply, error) {
	return ftp.Replyf(ftp.Code503BadSequence, "No security exchange waits for data."), nil
}
