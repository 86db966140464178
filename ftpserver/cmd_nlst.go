package ftpserver

import (
	"context"

	"github.com/sealane/sealane/vfs"
)

// cmdNlst lists names only. Each is usable as it is in another command (RFC 1123
// §4.1.2.7): behind the directory that the argument named, if it named one. A
// pattern that nothing matches is 550: clients that get several files ask for their
// names by it, and have to tell "none" from a listing that was lost.
func cmdNlst(ctx context.Context, s *session, arg string) (*job, error) {
	if err := s.readyForData(); err != nil {
		return nil, err
	}
	t, err := s.listTarget(ctx, arg)
	if err != nil {
		return nil, err
	}
	if err := t.needMatch(ctx); err != nil {
		return nil, err
	}
	return s.listJob(t, 0, func(b []byte, e vfs.Entry) []byte {
		if b = append(b, t.name...); t.file != nil {
			return b
		}
		return append(b, e.Name...)
	}), nil
}
