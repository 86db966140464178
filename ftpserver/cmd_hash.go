package ftpserver

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// hashesPerAccount is how many commands that hash, of one account, run at a time: each reads
// as fast as the disk can.
const hashesPerAccount = 2

// cmdHash hashes a file, or the range of it that RANG gave (draft-bryan-ftpext-hash-02
// §3). It is a job, so that ABOR and the end of the session stop it.
func cmdHash(ctx context.Context, s *session, arg string) (*job, error) {
	p, err := s.path(arg)
	if err != nil {
		return nil, err
	}
	e, err := regular(s.grant.FS.Stat(ctx, p))
	if err != nil {
		return nil, err
	}
	from, to := s.given.rest, e.Size
	if s.given.end > 0 {
		to = min(s.given.end, to)
	}
	if from > to {
		return nil, vfs.ErrOffset
	}
	hash := s.hash
	return s.hashJob(ctx, p, e, hash, from, to, func(sum []byte) ftp.Reply {
		return ftp.Replyf(ftp.Code213FileStatus, "%s %d-%d %x %s", hash, from, max(from, to-1), sum, arg)
	})
}

// hashJob hashes a file from byte from up to, and without, byte to, and replies with
// what tell makes of it. e is what the file is like now.
func (s *session) hashJob(ctx context.Context, p vfs.Path, e vfs.Entry, hash vfs.Hash, from, to int64, tell func(sum []byte) ftp.Reply) (*job, error) {
	s.hashes = true
	srv, fs, account := s.srv, s.grant.FS, s.grant.Account
	told := func(sum []byte) outcome {
		return outcome{reply: tell(sum), bytes: to - from, hash: fmt.Sprintf("%s:%x", hash, sum)}
	}
	event := Event{Kind: EventHash, Path: p.String()}
	if from == 0 && to == e.Size {
		if sum := s.takeSum(ctx, p, e, hash); sum != nil {
			return &job{event: event, run: func(context.Context) outcome { return told(sum) }}, nil
		}
	}
	if !srv.beginHash(account) {
		return nil, refuse(ftp.Code450Busy, "This account is having files hashed; try again later.")
	}
	return &job{
		event: event,
		run: func(ctx context.Context) outcome {
			defer srv.endHash(account)
			sum, err := fs.Hash(ctx, p, hash, from, to)
			if err != nil {
				return outcome{err: err}
			}
			return told(sum)
		},
	}, nil
}

func (s *Server) beginHash(account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hashing[account] >= hashesPerAccount {
		return false
	}
	s.hashing[account]++
	return true
}

func (s *Server) endHash(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hashing[account]--; s.hashing[account] == 0 {
		delete(s.hashing, account)
	}
}

// optsHash chooses the hash, or tells which it is (draft-bryan-ftpext-hash-02 §4).
func (s *session) optsHash(params string) ftp.Reply {
	if params != "" {
		h, ok := vfs.ParseHash(params)
		if !ok {
			return ftp.Replyf(ftp.Code504BadParameterValue, "This hash is not known here.")
		}
		s.hash, s.hashes = h, true // who chooses is about to ask
	}
	return ftp.Replyf(ftp.Code200OK, "%s", s.hash)
}

// featHash marks the chosen one with a star.
func featHash(s *session) []string {
	var names []string
	for _, h := range vfs.Hashes() {
		name := h.String()
		if h == s.hash {
			name += "*"
		}
		names = append(names, name)
	}
	return []string{"HASH " + strings.Join(names, ";")}
}
