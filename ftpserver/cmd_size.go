package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// cmdSize tells the exact number of bytes of a transfer (RFC 3659 §4). In TYPE A
// that is not known without reading the file, and an estimate is forbidden.
func cmdSize(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	if s.typ == typeASCII {
		return ftp.Replyf(ftp.Code550Unavailable, "SIZE needs TYPE I."), nil
	}
	e, err := s.statFile(ctx, arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	return ftp.Replyf(ftp.Code213FileStatus, "%d", e.Size), nil
}

// statFile describes a regular file.
func (s *session) statFile(ctx context.Context, arg string) (vfs.Entry, error) {
	p, err := s.path(arg)
	if err != nil {
		return vfs.Entry{}, err
	}
	e, err := s.grant.FS.Stat(ctx, p)
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
