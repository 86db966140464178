package ftpfs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
)

// cleanupTimeout bounds the removal of what is left of an upload that was given up,
// whose context may have ended.
const cleanupTimeout = 10 * time.Second

// upload is a STOR or APPE that runs from Create on. It holds its connection until it
// is ended.
type upload struct {
	fs     *FS
	ctx    context.Context // of Create
	cancel context.CancelFunc
	c      *ftpclient.Client
	path   vfs.Path
	name   string // on the server: of the file, or of a temporary one
	how    vfs.Create
	before *vfs.Entry // what was at path, where that was looked at
	fresh  bool       // it was, and nothing was there
	offset int64

	data  *io.PipeWriter
	sent  int64
	done  chan struct{} // closed when Store has returned
	err   error         // of that; for who has seen done
	timed bool          // it has set the time, too
	ended bool
}

// Create implements vfs.FS. ctx counts until the Upload is ended: when it ends, so does
// the transfer. With Exclusive, an Offset or Append the server is asked first what is
// there. Mode and Umask cost commands behind the upload; ModTime goes together with others.
func (f *FS) Create(ctx context.Context, p vfs.Path, how vfs.Create) (vfs.Upload, error) {
	u, err := f.create(ctx, p, how)
	if err != nil {
		return nil, fail("create", p, err)
	}
	return u, nil
}

func (f *FS) create(ctx context.Context, p vfs.Path, how vfs.Create) (*upload, error) {
	err := f.begin(ctx)
	switch {
	case err != nil:
		return nil, err
	case how.Offset < 0 || how.Append && how.Offset != 0:
		return nil, vfs.ErrOffset
	case how.Mode&^fs.ModePerm != 0:
		return nil, fmt.Errorf("%w: %v holds more than permissions", vfs.ErrPermission, how.Mode)
	case p.IsRoot():
		return nil, vfs.ErrIsDir
	}
	u := &upload{fs: f, path: p, name: f.remote(p), how: how, done: make(chan struct{})}
	if f.o.TempNames && !how.Append && how.Offset == 0 {
		u.name = f.remote(p.Dir())
		u.name = strings.TrimSuffix(u.name, "/") + "/" + tempName(p.Base())
	}
	if err := f.take(ctx, u); err != nil {
		return nil, err
	}
	if u.c, err = f.pool.Get(ctx, f.url); err == nil {
		if err = u.prepare(ctx); err == nil {
			if err = u.start(ctx); err == nil {
				return u, nil
			}
		}
		f.pool.Put(u.c)
	}
	f.leave(u)
	return nil, err
}

// take notes an exclusive upload under the final name: the server may show nothing of
// it for now, and another one of this FS would not know.
func (f *FS) take(ctx context.Context, u *upload) error {
	if !u.how.Exclusive || u.temporary() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, taken := f.making[u.path]; taken {
		return vfs.ErrExist
	}
	f.making[u.path] = struct{}{}
	return nil
}

// leave is the end of take.
func (f *FS) leave(u *upload) {
	if !u.how.Exclusive || u.temporary() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.making, u.path)
}

func (u *upload) temporary() bool { return u.name != u.fs.remote(u.path) }

// prepare looks at what is there, as far as how depends on it.
func (u *upload) prepare(ctx context.Context) error {
	how := u.how
	if !how.Exclusive && !how.Append && how.Offset == 0 && how.Mode == 0 && how.Umask == 0 && !u.temporary() {
		return nil
	}
	e, why, err := u.fs.look(ctx, u.c, u.path)
	switch {
	case err != nil:
		return err
	case why != nil && why.above:
		return why.kind
	case why != nil && how.Offset > 0:
		return u.goOn(ctx)
	case why != nil:
		u.fresh = true
		return nil
	}
	u.before = &e
	switch {
	case e.IsDir():
		return vfs.ErrIsDir
	case how.Exclusive:
		return vfs.ErrExist
	case how.Append:
		u.offset = e.Size
	case how.Offset > e.Size:
		return vfs.ErrOffset
	default:
		u.offset = how.Offset
	}
	return nil
}

// goOn is for a name under which nothing is shown: SIZE may know of an upload that
// broke off.
func (u *upload) goOn(ctx context.Context) error {
	size, err := u.c.Size(ctx, u.name)
	if err != nil && !permanent(err) {
		return err
	}
	if err != nil || u.how.Offset > size {
		return vfs.ErrOffset
	}
	u.offset = u.how.Offset
	return nil
}

// start returns when the server is ready to take bytes.
func (u *upload) start(ctx context.Context) error {
	u.ctx, u.cancel = context.WithCancel(ctx)
	pr, pw := io.Pipe()
	u.data = pw
	src := &source{PipeReader: pr, asked: make(chan struct{})}
	go func() {
		defer close(u.done)
		// Store waits for the writer too, which knows nothing of the context.
		defer context.AfterFunc(u.ctx, func() { pr.CloseWithError(context.Cause(u.ctx)) })()
		if err := u.store(src); err != nil {
			u.err = u.explain(err)
		}
		pr.CloseWithError(errEnded)
	}()
	select {
	case <-src.asked:
		return nil
	case <-u.done:
		u.cancel()
		if u.err == nil {
			u.err = errEnded
		}
		return u.err
	}
}

var errEnded = errors.New("the transfer is over")

func (u *upload) store(src io.Reader) error {
	if u.how.Append {
		_, err := u.c.Append(u.ctx, u.name, src)
		return err
	}
	if u.how.ModTime.IsZero() || u.offset > 0 {
		_, err := u.c.Store(u.ctx, u.name, u.offset, src)
		return err
	}
	res, err := u.c.StoreFile(u.ctx, u.name, src, ftpclient.FileInfo{ModTime: u.how.ModTime})
	u.timed = res.ModTimeSet
	return err
}

// explain finds out why the server has refused.
func (u *upload) explain(err error) error {
	if errors.Is(err, errStopped) {
		return err
	}
	if u.how.Append && refused(err) != nil {
		if e, why, lerr := u.fs.look(u.ctx, u.c, u.path); lerr == nil && u.changed(e, why) {
			return fmt.Errorf("%w: %w", vfs.ErrConflict, err)
		}
	}
	return u.fs.verdictNew(u.ctx, u.c, u.path, err, isDir)
}

// changed reports whether what is at the name is not what was appended to.
func (u *upload) changed(e vfs.Entry, why *absence) bool {
	switch {
	case why != nil || u.before == nil:
		return (why == nil) != (u.before != nil)
	case e.Kind != u.before.Kind:
		return false // told otherwise
	}
	return e.Size != u.before.Size || !e.ModTime.Equal(u.before.ModTime) || e.Mode != u.before.Mode
}

// source tells when it is read for the first time.
type source struct {
	*io.PipeReader
	asked chan struct{}
	told  bool
}

func (s *source) Read(b []byte) (int, error) {
	if !s.told {
		s.told = true
		close(s.asked)
	}
	return s.PipeReader.Read(b)
}

func (u *upload) Offset() int64 { return u.offset }

func (u *upload) Write(b []byte) (int, error) {
	if u.ended {
		return 0, fail("write", u.path, fs.ErrClosed)
	}
	n, err := u.data.Write(b)
	u.sent += int64(n)
	if err == nil {
		return n, nil
	}
	<-u.done
	if u.err != nil {
		err = u.err
	}
	return n, fail("write", u.path, err)
}

// tempName makes a name for an upload to name that nobody else has. A long name is
// cut: what counts is that it is no other.
func tempName(name string) string {
	n := min(len(name), vfs.MaxName-len("..")-randomLen-len(tempSuffix))
	for n > 0 && n < len(name) && !utf8.RuneStart(name[n]) {
		n--
	}
	return "." + name[:n] + "." + strings.ToLower(rand.Text()[:randomLen]) + tempSuffix
}

const (
	tempSuffix = ".part"
	randomLen  = 13 // characters of five bits
)

// isTemp reports whether name is one that tempName makes.
func isTemp(name string) bool {
	rest, ok := strings.CutSuffix(name, tempSuffix)
	if !ok || !strings.HasPrefix(name, ".") || len(rest) < len(".x.")+randomLen {
		return false
	}
	random := rest[len(rest)-randomLen:]
	return rest[len(rest)-randomLen-1] == '.' && strings.Trim(random, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
