package ftpserver

import (
	"context"
	"fmt"

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

// moved is changed for commands with two paths.
func (s *session) moved(verb string, from, to vfs.Path) {
	s.observe(Event{Kind: EventChange, Verb: verb, Path: from.String(), To: to.String()})
}

// marked is changed for commands that set attributes.
func (s *session) marked(verb string, p vfs.Path, a vfs.Attr) {
	var facts string
	if a.Mode != nil {
		facts += fmt.Sprintf("UNIX.mode=%04o;", *a.Mode)
	}
	if a.Group != "" {
		facts += "UNIX.group=" + a.Group + ";"
	}
	if !a.ModTime.IsZero() {
		facts += "Modify=" + ftp.FormatTime(a.ModTime) + ";"
	}
	if !a.Created.IsZero() {
		facts += "Create=" + ftp.FormatTime(a.Created) + ";"
	}
	s.observe(Event{Kind: EventChange, Verb: verb, Path: p.String(), Facts: facts})
}
