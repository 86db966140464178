package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// cmdOpts sets options of extensions (RFC 2389 §4).
func cmdOpts(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	name, params, _ := strings.Cut(arg, " ")
	switch strings.ToUpper(name) {
	case "UTF8":
		return optsUTF8(params), nil
	case "MLST":
		return s.optsMLST(params), nil
	case "MODE":
		return s.optsMode(params), nil
	case "HASH":
		return s.optsHash(params), nil
	}
	return ftp.Replyf(ftp.Code501BadParameter, "Unknown option."), nil
}

// optsUTF8 answers clients that ask for what is always so: names are UTF-8.
func optsUTF8(params string) ftp.Reply {
	switch strings.ToUpper(strings.TrimSpace(params)) {
	case "", "ON":
		return ftp.Replyf(ftp.Code200OK, "UTF-8 is always on.")
	case "OFF":
		return ftp.Replyf(ftp.Code504BadParameterValue, "UTF-8 cannot be turned off.")
	}
	return ftp.Replyf(ftp.Code501BadParameter, "OPTS UTF8 takes ON or OFF.")
}

// optsMLST chooses the facts of MLSx; unknown ones are passed over, and an empty
// list means none (RFC 3659 §7.9).
func (s *session) optsMLST(params string) ftp.Reply {
	var chosen ftp.FactSet
	for wanted := range strings.SplitSeq(params, ";") {
		for _, fact := range ftp.AllFacts() {
			if strings.EqualFold(strings.TrimSpace(wanted), string(fact)) {
				chosen |= ftp.MakeFactSet(fact)
			}
		}
	}
	s.facts = chosen
	text := "MLST OPTS "
	for _, fact := range ftp.AllFacts() {
		if chosen.Has(fact) {
			text += string(fact) + ";"
		}
	}
	return ftp.Replyf(ftp.Code200OK, "%s", strings.TrimRight(text, " "))
}
