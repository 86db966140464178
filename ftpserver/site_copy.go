package ftpserver

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// siteCopy copies a file on the server. Both paths are on one line; one that holds
// spaces is in quotes, and a quote in quotes is doubled.
func siteCopy(ctx context.Context, s *session, arg string) (*job, error) {
	names, ok := quotedFields(arg)
	if !ok || len(names) != 2 {
		return nil, refuse(ftp.Code501BadParameter, `SITE COPY needs two paths; put "" around one with spaces.`)
	}
	from, err := s.path(names[0])
	if err != nil {
		return nil, err
	}
	to, err := s.path(names[1])
	if err != nil {
		return nil, err
	}
	return s.copyJob("SITE COPY", from, to), nil
}

// siteCpfr names the file to copy; SITE CPTO must follow at once. The rights to it are
// judged by the storage as it is read (CVE-2015-3306, CVE-2019-12815; V-20).
func siteCpfr(ctx context.Context, s *session, arg string) (ftp.Reply, error) {
	p, err := s.path(arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	if _, err := regular(s.grant.FS.Stat(ctx, p)); err != nil {
		return ftp.Reply{}, err
	}
	s.next.copyFrom, s.next.copying = p, true
	return ftp.Replyf(ftp.Code350Pending, "Send SITE CPTO."), nil
}

// siteCpto names the copy.
func siteCpto(_ context.Context, s *session, arg string) (*job, error) {
	if !s.given.copying {
		return nil, refuse(ftp.Code503BadSequence, "Send SITE CPFR right before SITE CPTO.")
	}
	p, err := s.path(arg)
	if err != nil {
		return nil, err
	}
	return s.copyJob("SITE CPTO", s.given.copyFrom, p), nil
}

// copyJob copies as an upload does: nothing of the copy is seen before it is whole.
func (s *session) copyJob(verb string, from, to vfs.Path) *job {
	tree, how := s.grant.FS, vfs.Create{Umask: s.umask.mode()}
	return &job{
		run: func(ctx context.Context) outcome {
			if err := copyFile(ctx, tree, from, to, how); err != nil {
				return outcome{err: err}
			}
			return outcome{reply: ftp.Replyf(ftp.Code250Done, "Copied.")}
		},
		then: func(out *outcome) {
			if out.err == nil {
				s.moved(verb, from, to)
			}
		},
	}
}

func copyFile(ctx context.Context, tree vfs.FS, from, to vfs.Path, how vfs.Create) error {
	f, err := tree.Open(ctx, from)
	if err != nil {
		return err
	}
	defer f.Close()
	up, err := tree.Create(ctx, to, how)
	if err != nil {
		return err
	}
	buf := buffers.Get().(*[transferBuffer]byte)
	defer buffers.Put(buf)
	if _, err := io.CopyBuffer(onlyWriter{up}, &whileReader{ctx, f}, buf[:]); err != nil {
		return errors.Join(err, up.Abort(err))
	}
	_, err = up.Commit(ctx)
	return err
}

// onlyWriter hides what else an upload can do, so that io.CopyBuffer uses the buffer.
type onlyWriter struct{ io.Writer }

// whileReader reads as long as its context lives.
type whileReader struct {
	ctx context.Context
	r   io.Reader
}

func (w *whileReader) Read(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(b)
}

// quotedFields takes apart fields that are parted by single spaces.
func quotedFields(s string) (fields []string, ok bool) {
	for s != "" || len(fields) == 0 {
		var field string
		if rest, quoted := strings.CutPrefix(s, `"`); quoted {
			if field, s, quoted = unquote(rest); !quoted {
				return nil, false
			}
		} else {
			i := strings.IndexByte(s, ' ')
			if i < 0 {
				i = len(s)
			}
			field, s = s[:i], s[i:]
		}
		fields = append(fields, field)
		if s == "" {
			break
		}
		if s, ok = strings.CutPrefix(s, " "); !ok || s == "" {
			return nil, false
		}
	}
	return fields, true
}

// unquote reads up to the quote that ends a field, and gives what is behind it.
func unquote(s string) (field, rest string, ok bool) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", false
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		if !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
	}
}
