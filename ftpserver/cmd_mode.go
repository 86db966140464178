package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdMode chooses stream mode (RFC 959 §3.4), or the same through zlib
// (draft-preston-ftpext-deflate-04).
func cmdMode(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	switch strings.ToUpper(arg) {
	case "S":
		s.mode.deflate = false
		return ftp.Replyf(ftp.Code200OK, "Mode set to stream."), nil
	case "Z":
		if s.srv.Data.NoDeflate {
			return ftp.Replyf(ftp.Code504BadParameterValue, "Compression is off here; use MODE S."), nil
		}
		s.mode.deflate = true
		return ftp.Replyf(ftp.Code200OK, "Mode set to deflate."), nil
	case "B", "C":
		return ftp.Replyf(ftp.Code504BadParameterValue, "Only modes S and Z are supported."), nil
	}
	return ftp.Replyf(ftp.Code501BadParameter, "Not a mode."), nil
}

// featMode lists MODE Z where it is on.
func featMode(s *session) []string {
	if s.srv != nil && s.srv.Data.NoDeflate {
		return nil
	}
	return []string{"MODE Z"}
}

// optsMode sets the level of compression for downloads. It holds also for a MODE Z
// that comes later. zlib is the only engine, and its other settings are ours.
func (s *session) optsMode(params string) ftp.Reply {
	words := strings.Fields(strings.ToUpper(params))
	if len(words) != 3 || words[0] != "Z" || words[1] != "LEVEL" || len(words[2]) != 1 || words[2] < "0" || words[2] > "9" {
		return ftp.Replyf(ftp.Code501BadParameter, "OPTS MODE takes Z LEVEL and a digit.")
	}
	s.mode.level = int(words[2][0] - '0')
	return ftp.Replyf(ftp.Code200OK, "MODE Z LEVEL set to %d.", s.mode.level)
}
