package ftpserver

import (
	"context"
	"errors"
	"io/fs"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// umask is the permission bits that new files and directories of a session do not get,
// beside those that the account does not give them: it can only take (S-87).
type umask uint16

func (u umask) mode() fs.FileMode { return fs.FileMode(u) }

// siteUmask tells the umask of the session, or sets it.
func siteUmask(_ context.Context, s *session, arg string) (ftp.Reply, error) {
	if arg == "" {
		return ftp.Replyf(ftp.Code200OK, "UMASK is %03o, beside that of the account.", s.umask), nil
	}
	bits, err := parseMode(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if !s.grant.FS.Caps().SetMode {
		return ftp.Reply{}, vfs.ErrUnsupported
	}
	s.umask = umask(bits)
	return ftp.Replyf(ftp.Code200OK, "UMASK set to %03o, beside that of the account.", s.umask), nil
}

// mkdir makes a directory without the bits of the umask; where these cannot be taken,
// there is none.
func (s *session) mkdir(ctx context.Context, p vfs.Path) error {
	tree := s.grant.FS
	if err := tree.Mkdir(ctx, p); err != nil || s.umask == 0 {
		return err
	}
	e, err := tree.Stat(ctx, p)
	if err == nil && e.Mode&s.umask.mode() != 0 {
		mode := e.Mode.Perm() &^ s.umask.mode()
		err = tree.SetAttr(ctx, p, vfs.Attr{Mode: &mode})
	}
	if err != nil {
		return errors.Join(err, tree.Rmdir(ctx, p))
	}
	return nil
}
