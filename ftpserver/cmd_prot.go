package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// protLevel is the protection of data connections (RFC 4217 §9).
type protLevel uint8

const (
	protClear protLevel = iota
	protPrivate
)

// cmdProt sets the protection of the data connections to come. A port that was
// offered under another level is given up: its handshake may have begun.
func cmdProt(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	switch {
	case s.cleared:
		return s.afterCcc(), nil
	case s.conn.TLS() == nil:
		return ftp.Replyf(ftp.Code503BadSequence, "Send AUTH TLS first."), nil
	case !s.pbsz:
		return ftp.Replyf(ftp.Code503BadSequence, "Send PBSZ 0 first."), nil
	}
	level := protPrivate
	switch strings.ToUpper(arg) {
	case "P":
	case "C":
		if !s.srv.TLS.InsecurePlaintext {
			return ftp.Replyf(ftp.Code534PolicyDenied, "Data connections must be protected."), nil
		}
		level = protClear
	case "S", "E":
		return ftp.Replyf(ftp.Code536ProtUnsupported, "TLS knows PROT P and PROT C."), nil
	default:
		return ftp.Replyf(ftp.Code504BadParameterValue, "Unknown protection level."), nil
	}
	if level != s.prot {
		s.dropOffer()
	}
	s.prot = level
	return ftp.Replyf(ftp.Code200OK, "Data protection set."), nil
}
