package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdType sets the representation type. A T is taken as A N (RFC 1123 §4.1.2.2),
// L 8 as I (§4.1.2.1).
func cmdType(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	switch strings.ToUpper(arg) {
	case "A", "A N", "A T":
		s.typ = typeASCII
	case "I", "L 8":
		s.typ = typeImage
	default:
		return typeRefused(arg), nil
	}
	return ftp.Replyf(ftp.Code200OK, "Type set to %s.", s.typ), nil
}

// typeRefused tells what RFC 959 knows and we do not have (504) from what is no
// type at all (501).
func typeRefused(arg string) ftp.Reply {
	kind, param, _ := strings.Cut(strings.ToUpper(arg), " ")
	switch {
	case kind == "E" && (param == "" || param == "N" || param == "T" || param == "C"),
		kind == "A" && param == "C",
		kind == "L" && isNumber(param):
		return ftp.Replyf(ftp.Code504BadParameterValue, "Only types A, I and L 8 are supported.")
	}
	return ftp.Replyf(ftp.Code501BadParameter, "Not a type.")
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
