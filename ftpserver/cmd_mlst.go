package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/listing"
)

// cmdMlst tells the facts of one file or directory on the control connection (RFC
// 3659 §7).
func cmdMlst(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	e, err := s.statOrUnfinished(ctx, p)
	if err != nil {
		return ftp.Reply{}, err
	}
	entry := listing.AppendMLSx(nil, e, p.String(), s.facts, s.srv.ownersForPeers())
	return ftp.Reply{Code: ftp.Code250Done, Lines: []string{"Facts:", string(entry), "End"}}, nil
}

// featMlst marks with a star the facts that are on (RFC 3659 §7.8).
func featMlst(s *session) []string {
	var b strings.Builder
	b.WriteString("MLST ")
	for _, fact := range ftp.AllFacts() {
		b.WriteString(string(fact))
		if s.facts.Has(fact) {
			b.WriteByte('*')
		}
		b.WriteByte(';')
	}
	return []string{b.String()}
}
