package ftpserver

import (
	"context"
	"strings"

	"github.com/sealane/sealane/vfs"
)

// cmdNlst lists names only. Each is usable as it is in another command (RFC 1123
// §4.1.2.7): behind the directory that the argument named, if it named one.
func cmdNlst(ctx context.Context, s *session, arg string) (*job, error) {
	if err := s.readyForData(); err != nil {
		return nil, err
	}
	arg = listPath(arg)
	prefix := ""
	if arg != "" {
		p, err := s.path(arg)
		if err != nil {
			return nil, err
		}
		switch e, err := s.grant.FS.Stat(ctx, p); {
		case err != nil:
			return nil, err
		case e.IsDir():
			prefix = strings.TrimRight(arg, "/") + "/"
		default:
			return s.list(ctx, arg, 0, func(b []byte, _ vfs.Entry) []byte { return append(b, arg...) })
		}
	}
	return s.list(ctx, arg, 0, func(b []byte, e vfs.Entry) []byte {
		return append(append(b, prefix...), e.Name...)
	})
}
