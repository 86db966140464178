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
	switch {
	case arg == "", arg == family:
	case strings.EqualFold(arg, "ALL"):
		s.epsvAll = true
		return replyJob(ftp.Replyf(ftp.Code200OK, "EPSV ALL: only EPSV from now on.")), nil
	case strings.Trim(arg, "0123456789") == "": // also those that do not exist yet
		return nil, refuse(ftp.Code522Protocol, "Network protocol not supported, use ("+family+")")
	default:
		return nil, refuse(ftp.Code501BadParameter, "EPSV takes 1, 2 or ALL.")
	}
	return s.offerJob(func(port uint16) (ftp.Reply, error) {
		return ftp.Replyf(ftp.Code229ExtendedPassive, "Entering extended passive mode %s", dataconn.FormatEPSV(port)), nil
	}), nil
}
