package ftpfs

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

func fail(op string, p vfs.Path, err error) error {
	return fmt.Errorf("ftpfs: cannot %s %q: %w", op, p, err)
}

// refused gives the reply by which the server has refused, or nil.
func refused(err error) *ftp.Error {
	var reply *ftp.Error
	if errors.As(err, &reply) {
		return reply
	}
	return nil
}

// known gives the sentinel for a code that means the same everywhere, or nil.
func known(code ftp.Code) error {
	switch code {
	case ftp.Code452NoSpace:
		return vfs.ErrNoSpace
	case ftp.Code552QuotaExceeded:
		return vfs.ErrQuota
	case ftp.Code554BadRestart:
		return vfs.ErrOffset
	case ftp.Code500Unknown, ftp.Code502NotImplemented, ftp.Code504BadParameterValue:
		return vfs.ErrUnsupported
	}
	return nil
}

// verdict adds the sentinel to an error of a command that needs p. there says what is
// wrong with an entry that is there; nil if nothing is.
func (f *FS) verdict(ctx context.Context, c *ftpclient.Client, p vfs.Path, err error, there func(vfs.Entry) error) error {
	return f.judge(ctx, c, p, err, true, there)
}

// verdictNew is verdict for a command that makes p, or may make it.
func (f *FS) verdictNew(ctx context.Context, c *ftpclient.Client, p vfs.Path, err error, there func(vfs.Entry) error) error {
	return f.judge(ctx, c, p, err, false, there)
}

// judge finds out why a command was refused: 550 can mean anything, and so do 501 and
// 553 of some servers. It asks only now, when there is nothing to be lost by it.
func (f *FS) judge(ctx context.Context, c *ftpclient.Client, p vfs.Path, err error, needed bool, there func(vfs.Entry) error) error {
	reply := refused(err)
	if reply == nil || errors.Is(err, ftpclient.ErrTLS) {
		return err
	}
	code := reply.Reply.Code
	if kind := known(code); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	// Pure-FTPd says 451 to a rename onto a directory, ProFTPD 450 to what is not there.
	if reply.Temporary() && code != ftp.Code450Busy && code != ftp.Code451LocalError {
		return err
	}
	e, why, lerr := f.look(ctx, c, p)
	switch {
	case lerr != nil: // nothing was found out
		return err
	case why == nil:
		if kind := there(e); kind != nil {
			return fmt.Errorf("%w: %w", kind, err)
		}
	case needed || why.above:
		return fmt.Errorf("%w: %w", why.kind, err)
	}
	if reply.Temporary() {
		return err
	}
	switch code {
	case ftp.Code553BadName:
		return fmt.Errorf("%w: %w", vfs.ErrBadName, err)
	case ftp.Code501BadParameter:
		return fmt.Errorf("%w: %w", vfs.ErrUnsupported, err)
	}
	return fmt.Errorf("%w: %w", vfs.ErrPermission, err)
}

// absence says why something is not there.
type absence struct {
	kind  error
	above bool // because something above it is missing, or no directory
}

// look finds out whether p is there, and if not, why. The error is for what cannot be
// found out.
func (f *FS) look(ctx context.Context, c *ftpclient.Client, p vfs.Path) (vfs.Entry, *absence, error) {
	e, err := f.describe(ctx, c, p)
	if err == nil {
		return e, nil, nil
	}
	if !denies(err) {
		return e, nil, err
	}
	why := &absence{kind: vfs.ErrNotExist}
	for dir := p.Dir(); !dir.IsRoot(); dir = dir.Dir() {
		d, err := f.describe(ctx, c, dir)
		switch {
		case err == nil && d.Kind == vfs.KindFile:
			return e, &absence{kind: vfs.ErrNotDir, above: true}, nil
		case err == nil:
			return e, why, nil
		case !denies(err):
			return e, nil, err
		}
		why.above = true
	}
	return e, why, nil
}

// denies reports whether err is the answer to a question for a name that is not there:
// not one that says nothing of names, as 530 or 500 do.
func denies(err error) bool {
	reply := refused(err)
	if reply == nil {
		return false
	}
	switch reply.Reply.Code {
	case ftp.Code550Unavailable, ftp.Code553BadName, ftp.Code501BadParameter:
		return true
	}
	return false
}

// permanent reports whether err is a refusal for good, which the server is still there
// after.
func permanent(err error) bool {
	reply := refused(err)
	return reply != nil && reply.Reply.Code.Class() == ftp.Permanent
}

// What is wrong with an entry that is there.
func anything(vfs.Entry) error { return nil }

func notFile(e vfs.Entry) error {
	switch e.Kind {
	case vfs.KindFile:
		return nil
	case vfs.KindDir:
		return vfs.ErrIsDir
	}
	return vfs.ErrNotRegular
}

func isDir(e vfs.Entry) error {
	if e.IsDir() {
		return vfs.ErrIsDir
	}
	return nil
}

func notDir(e vfs.Entry) error {
	if e.IsDir() {
		return nil
	}
	return vfs.ErrNotDir
}

func exists(vfs.Entry) error { return vfs.ErrExist }
