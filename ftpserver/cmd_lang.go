package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdLang chooses the language of replies, of which there is one (RFC 2640 §4.1).
// Without an argument it is the default.
func cmdLang(_ context.Context, _ *session, arg string) (ftp.Reply, error) {
	primary, _, _ := strings.Cut(arg, "-")
	switch {
	case arg == "", strings.EqualFold(primary, "en"):
		return ftp.Replyf(ftp.Code200OK, "Replies are in English."), nil
	case !isLanguageTag(arg):
		return ftp.Replyf(ftp.Code501BadParameter, "LANG takes a language tag, such as en."), nil
	}
	return ftp.Replyf(ftp.Code504BadParameterValue, "Only English is spoken here."), nil
}

// isLanguageTag reports whether tag has the form of RFC 1766 §2: parts of one to
// eight letters, the later ones also digits.
func isLanguageTag(tag string) bool {
	for i, part := range strings.Split(tag, "-") {
		if len(part) < 1 || len(part) > 8 {
			return false
		}
		for _, c := range []byte(part) {
			letter := c|0x20 >= 'a' && c|0x20 <= 'z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}
