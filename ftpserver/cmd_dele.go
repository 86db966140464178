package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

func cmdDele(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if err := s.grant.FS.Remove(ctx, p); err != nil {
		return ftp.Reply{}, err
	}
	s.changed("DELE", p)
	return ftp.Replyf(ftp.Code250Done, "File deleted."), nil
}

// changed tells observers that a command has changed the tree.
func (s *session) changed(verb string, p vfs.Path) {
	s.observe(Event{Kind: EventChange, Verb: verb, Path: p.String()})
}
