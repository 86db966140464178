package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// cmdEpsv offers a data port on the address of the control connection (RFC 2428
// §3).
func cmdEpsv(_ context.Context, s *session, arg string) (*job, error) {
	family := "1"
	if !s.local.Addr().Is4() {
		family = "2"
	}
	switch strings.ToUpper(arg) {
	case "", family:
	case "1", "2":
		return nil, refuse(ftp.Code522Protocol, "Network protocol not supported, use ("+family+")")
	case "ALL":
		s.epsvAll = true
		return replyJob(ftp.Replyf(ftp.Code200OK, "EPSV ALL: only EPSV from now on.")), nil
	default:
		return nil, refuse(ftp.Code501BadParameter, "EPSV takes 1, 2 or ALL.")
	}
	return s.offerJob(func(port uint16) (ftp.Reply, error) {
		return ftp.Replyf(ftp.Code229ExtendedPassive, "Entering extended passive mode %s", dataconn.FormatEPSV(port)), nil
	}), nil
}
