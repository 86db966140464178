package ftpserver

import (
	"context"
	"errors"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// cmdSize tells the exact number of bytes of a transfer (RFC 3659 §4). In TYPE A
// that is not known without reading the file, and an estimate is forbidden.
func cmdSize(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	if s.typ == typeASCII {
		return ftp.Replyf(ftp.Code550Unavailable, "SIZE needs TYPE I."), nil
	}
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	e, err := regular(s.statOrUnfinished(ctx, p))
	if err != nil {
		return ftp.Reply{}, err
	}
	return ftp.Replyf(ftp.Code213FileStatus, "%d", e.Size), nil
}

// statOrUnfinished describes p or, where nothing is there, the account's upload
// to p that broke off: SIZE and MLST are how clients find out where to resume.
func (s *session) statOrUnfinished(ctx context.Context, p vfs.Path) (vfs.Entry, error) {
	e, err := s.grant.FS.Stat(ctx, p)
	if errors.Is(err, vfs.ErrNotExist) {
		if u, uerr := s.grant.FS.Unfinished(ctx, p); uerr == nil {
			return u, nil
		}
	}
	return e, err
}

// statFile describes a regular file.
func (s *session) statFile(ctx context.Context, arg string) (vfs.Entry, error) {
	p, err := s.path(arg)
	if err != nil {
		return vfs.Entry{}, err
	}
	return regular(s.grant.FS.Stat(ctx, p))
}

// regular lets nothing but regular files through.
func regular(e vfs.Entry, err error) (vfs.Entry, error) {
	switch {
	case err != nil:
		return vfs.Entry{}, err
	case e.IsDir():
		return vfs.Entry{}, vfs.ErrIsDir
	case e.Kind != vfs.KindFile:
		return vfs.Entry{}, vfs.ErrNotRegular
	}
	return e, nil
}
