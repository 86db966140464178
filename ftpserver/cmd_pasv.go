package ftpserver

import (
	"context"
	"net/netip"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// cmdPasv offers a data port for IPv4 (RFC 959 §4.1.2).
func cmdPasv(_ context.Context, s *session, _ string) (*job, error) {
	if s.epsvAll {
		return nil, refuse(ftp.Code501BadParameter, "PASV is not allowed after EPSV ALL.") // RFC 2428 §4
	}
	addr := s.passiveAddress()
	if !addr.Is4() {
		return nil, refuse(ftp.Code425NoDataConn, "PASV needs IPv4; use EPSV.")
	}
	return s.offerJob(func(port uint16) (ftp.Reply, error) {
		text, err := dataconn.FormatPASV(netip.AddrPortFrom(addr, port))
		return ftp.Replyf(ftp.Code227Passive, "Entering passive mode (%s)", text), err
	}), nil
}
