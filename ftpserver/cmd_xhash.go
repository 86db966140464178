package ftpserver

import (
	"context"
	"strconv"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// xhash gives the command that hashes a file by h, from before HASH was drafted. A
// path without quotes goes to the end of the line, as names may hold spaces; behind
// one in quotes a part of the file may be named.
func xhash(h vfs.Hash) starter {
	return func(ctx context.Context, s *session, arg string) (*job, error) {
		name, part := arg, []string(nil)
		if strings.HasPrefix(arg, `"`) {
			fields, ok := quotedFields(arg)
			if !ok || len(fields) != 1 && len(fields) != 3 {
				return nil, errHashPart
			}
			name, part = fields[0], fields[1:]
		}
		p, e, err := s.hashable(ctx, name)
		if err != nil {
			return nil, err
		}
		from, to := int64(0), e.Size
		if len(part) == 2 {
			if from, to, err = hashPart(part[0], part[1], e.Size); err != nil {
				return nil, err
			}
		}
		return s.hashJob(ctx, p, e, h, from, to, func(sum []byte) ftp.Reply {
			return ftp.Replyf(ftp.Code250Done, "%X", sum)
		})
	}
}

// cmdMd5 hashes a whole file (draft-twine-ftpmd5-00 §3.1).
func cmdMd5(ctx context.Context, s *session, arg string) (*job, error) {
	p, e, err := s.hashable(ctx, arg)
	if err != nil {
		return nil, err
	}
	return s.hashJob(ctx, p, e, vfs.MD5, 0, e.Size, func(sum []byte) ftp.Reply {
		return ftp.Replyf(ftp.Code251Hash, "%s %X", arg, sum)
	})
}

func (s *session) hashable(ctx context.Context, name string) (vfs.Path, vfs.Entry, error) {
	p, err := s.path(name)
	if err != nil {
		return p, vfs.Entry{}, err
	}
	e, err := regular(s.grant.FS.Stat(ctx, p))
	return p, e, err
}

// errHashPart refuses a part of a file that is none.
var errHashPart = refuse(ftp.Code501BadParameter, `Give a path, or a path in "" and the first byte and the one behind the last.`)

// hashPart reads the bounds of a part, which must be within the file.
func hashPart(first, behind string, size int64) (from, to int64, err error) {
	from, err1 := strconv.ParseInt(first, 10, 64)
	to, err2 := strconv.ParseInt(behind, 10, 64)
	if err1 != nil || err2 != nil || !isNumber(first) || !isNumber(behind) || from > to || to > size {
		return 0, 0, errHashPart
	}
	return from, to, nil
}
