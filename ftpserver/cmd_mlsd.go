package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/listing"
	"github.com/sealane/sealane/vfs"
)

// cmdMlsd lists a directory for programs (RFC 3659 §7). A file is 501 (§7.2.1).
func cmdMlsd(ctx context.Context, s *session, arg string) (*job, error) {
	if err := s.readyForData(); err != nil {
		return nil, err
	}
	p, err := s.path(arg)
	if err != nil {
		return nil, err
	}
	e, err := s.grant.FS.Stat(ctx, p)
	switch {
	case err != nil:
		return nil, err
	case !e.IsDir():
		return nil, refuse(ftp.Code501BadParameter, "MLSD lists directories; use MLST for a file.")
	}
	facts, owners := s.facts, s.srv.ownersForPeers()
	return s.listDirJob(p, listing.Wants(facts), func(b []byte, e vfs.Entry) []byte {
		return listing.AppendMLSx(b, e, e.Name, facts, owners)
	}), nil
}
