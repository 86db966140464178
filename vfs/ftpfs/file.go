package ftpfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/sealane/sealane/vfs"
)

// stopGrace is how long a transfer that is given up has to end by itself, as it does
// unless the server is silent. After that the connection is closed.
const stopGrace = 500 * time.Millisecond

var errStopped = errors.New("not wanted any more")

// file reads a remote file. It holds a connection from the first Read until the end of
// the file, a Seek or Close.
type file struct {
	fs     *FS
	ctx    context.Context // of Open
	path   vfs.Path
	entry  vfs.Entry
	pos    int64
	run    *download // nil as long as nothing is asked for
	ended  bool      // the end was reached, and proven
	err    error     // what ended the last download, until Seek
	closed bool
}

// Open implements vfs.FS. ctx counts until the File is closed. Nothing is asked for
// before the first Read. A Read at the end gives io.EOF only for what is proven to be
// all of the file (see ftpclient.Client.Retrieve), of the size that Entry has; a file
// that was changed meanwhile is ErrConflict.
func (f *FS) Open(ctx context.Context, p vfs.Path) (vfs.File, error) {
	e, err := f.Stat(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := notFile(e); err != nil {
		return nil, fail("open", p, err)
	}
	return &file{fs: f, ctx: ctx, path: p, entry: e}, nil
}

func (f *file) Entry() vfs.Entry { return f.entry }

func (f *file) Read(b []byte) (int, error) {
	switch {
	case f.closed:
		return 0, fail("read", f.path, fs.ErrClosed)
	case f.err != nil:
		return 0, f.err
	case len(b) == 0:
		return 0, nil
	case f.run == nil && (f.ended || f.pos >= f.entry.Size && f.pos > 0):
		return 0, io.EOF // an empty file is asked for: it may have grown
	}
	if f.run == nil {
		if err := f.start(); err != nil {
			f.err = fail("read", f.path, err)
			return 0, f.err
		}
	}
	n, err := f.run.data.Read(b)
	f.pos += int64(n)
	if err == nil && f.pos <= f.entry.Size {
		return n, nil
	}
	f.stop()
	if f.pos > f.entry.Size || err == io.EOF && f.pos < f.entry.Size {
		err = fmt.Errorf("%w: it had %d bytes, and is not of that size any more", vfs.ErrConflict, f.entry.Size)
	}
	if err == io.EOF {
		f.ended = true
		return n, io.EOF
	}
	f.err = fail("read", f.path, err)
	return n, f.err
}

func (f *file) Seek(off int64, whence int) (int64, error) {
	if f.closed {
		return 0, fail("seek in", f.path, fs.ErrClosed)
	}
	switch whence {
	case io.SeekCurrent:
		off += f.pos
	case io.SeekEnd:
		off += f.entry.Size
	}
	if off < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return 0, fail("seek in", f.path, fs.ErrInvalid)
	}
	if off != f.pos || f.err != nil {
		f.stop()
		f.pos, f.ended, f.err = off, false, nil
	}
	return off, nil
}

func (f *file) Close() error {
	if f.closed {
		return fail("close", f.path, fs.ErrClosed)
	}
	f.closed = true
	f.stop()
	return nil
}

// download is a RETR that runs.
type download struct {
	data   *io.PipeReader
	cancel context.CancelFunc
	done   chan struct{} // closed when the connection is given back
}

// start asks for the file from f.pos on.
func (f *file) start() error {
	ctx, cancel := context.WithCancel(f.ctx)
	c, err := f.fs.pool.Get(ctx, f.fs.url)
	if err != nil {
		cancel()
		return err
	}
	pr, pw := io.Pipe()
	d := &download{data: pr, cancel: cancel, done: make(chan struct{})}
	offset := f.pos
	go func() {
		defer close(d.done)
		// Retrieve waits for the reader too, which knows nothing of ctx.
		defer context.AfterFunc(ctx, func() { pw.CloseWithError(context.Cause(ctx)) })()
		_, err := c.Retrieve(ctx, f.fs.remote(f.path), offset, pw)
		if err != nil && !errors.Is(err, errStopped) {
			err = f.fs.verdict(ctx, c, f.path, err, notFile)
		}
		f.fs.pool.Put(c)
		pw.CloseWithError(err) // nil: io.EOF
	}()
	f.run = d
	return nil
}

// stop ends the download, and returns when its connection is given back.
func (f *file) stop() {
	if f.run == nil {
		return
	}
	d := f.run
	f.run = nil
	d.data.CloseWithError(errStopped)
	await(d.done, d.cancel)
}

// await waits for done, and cancels what does not end soon.
func await(done <-chan struct{}, cancel context.CancelFunc) {
	defer cancel()
	t := time.NewTimer(stopGrace)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
		cancel()
		<-done
	}
}
