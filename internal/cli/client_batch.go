package cli

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"sync"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
)

// maxParallel bounds --parallel.
const maxParallel = 64

// errStopped ends a run in which one failure means that all that follows fails too.
var errStopped = errors.New("the run was ended")

// job moves one file and tells of it; its error is told already.
type job func(ctx context.Context) error

// jobsAhead is how many jobs may wait: so that the end is known long before it comes,
// and what waits stays small. Each may hold three paths of 4 KiB.
const jobsAhead = 1000

// inParallel does the jobs, n at a time. A failure that is not of one file ends all:
// the error is that one, or what has ended ctx. The jobs themselves are made by one
// goroutine; found is called behind the last one.
func inParallel(ctx context.Context, n int, jobs iter.Seq[job], found func()) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var once sync.Once
	var fatal error
	waiting := make(chan job, jobsAhead)
	var running sync.WaitGroup
	for range n {
		running.Go(func() {
			for do := range waiting {
				if err := do(ctx); err != nil && endsAll(err) {
					once.Do(func() {
						fatal = err
						stop(errStopped)
					})
				}
			}
		})
	}
	for do := range jobs {
		select {
		case waiting <- do:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(waiting)
	found()
	running.Wait()
	if fatal != nil {
		return fatal
	}
	return context.Cause(ctx)
}

// endsAll reports whether an error has to do with the server as a whole: it is not to
// be reached, even after --retries, or not to be trusted.
func endsAll(err error) bool {
	code := exitCode(err)
	return code == exitNetwork || code == exitTLS || code >= exitOtherServer && code <= exitDowngrade
}

// mover moves files between a server and this machine.
type mover struct {
	tells   *reporter
	conns   *ftpclient.Pool
	goingOn bool // --resume
}

// download fetches the file of u into p. local is its name for people.
func (m *mover) download(ctx context.Context, u ftp.URL, local string, size int64, open func() (*part, error)) error {
	if ctx.Err() != nil {
		m.tells.failing(u.String(), context.Cause(ctx))
		return nil
	}
	p, err := open()
	if err != nil {
		m.tells.failing(u.String(), err)
		return err
	}
	w := m.tells.begin(u, local, size, p.offset)
	res, err := m.conns.Retrieve(ctx, u, &watchedFile{file: p.file, at: w.at})
	if err == nil {
		if res.Offset == 0 {
			p.offset = 0 // what was there was of no use
		}
		if end, serr := p.file.Seek(0, io.SeekEnd); serr == nil {
			res.Bytes = end - p.offset // also of attempts before the last
		}
		err = p.commit(res.ModTime)
	}
	if err != nil {
		switch kept := p.keep(); {
		case kept && failedHere(err):
			err = withHint(err, "the part is kept in %s.part; make room, or whatever else is missing, and go on from there with --resume", local)
		case kept && canGoOn(err):
			err = withHint(err, "the part is kept in %s.part; run the command again with --resume to go on from there", local)
		}
		w.fail(err)
		return err
	}
	return w.finish(p.offset, res)
}

// upload sends the file that src holds to u.
func (m *mover) upload(ctx context.Context, u ftp.URL, src *source) error {
	w := m.tells.begin(u, src.name, src.size, 0)
	res, err := m.conns.StoreFile(ctx, u, &watchedSource{file: src.file, at: w.at}, ftpclient.FileInfo{ModTime: src.modTime}, m.goingOn)
	switch {
	case err == nil:
		err = src.unchanged()
	case res.Bytes > 0 && (failedHere(err) || canGoOn(err)):
		err = withHint(err, "run the command again with --resume to send only what the server's file lacks")
	}
	if err != nil {
		w.fail(err)
		return err
	}
	return w.finish(res.Offset, res)
}

// failedHere reports whether it was this machine that could not read or write.
func failedHere(err error) bool {
	var here *ftpclient.LocalError
	return errors.As(err, &here)
}

// canGoOn reports whether a transfer was cut short, and not refused: what the server
// will not have today it will not have with --resume either.
func canGoOn(err error) bool {
	var refused *ftp.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, ftpclient.ErrNetwork), errors.Is(err, ftpclient.ErrTruncated):
		return !errors.Is(err, ftpclient.ErrTLS)
	case errors.As(err, &refused):
		return refused.Temporary() && refused.Reply.Code != ftp.Code452NoSpace
	}
	return errors.Is(err, ftpclient.ErrNotVerified) && !errors.Is(err, ftpclient.ErrTLS)
}

// watchedFile is a file that tells how far it has been written.
type watchedFile struct {
	file *os.File
	at   func(int64)
	pos  int64
}

func (f *watchedFile) Read(p []byte) (int, error) { // of what is compared or hashed
	n, err := f.file.Read(p)
	f.pos += int64(n)
	return n, err
}

func (f *watchedFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.pos += int64(n)
	f.at(f.pos)
	return n, err
}

func (f *watchedFile) Seek(offset int64, whence int) (int64, error) {
	n, err := f.file.Seek(offset, whence)
	if err == nil {
		f.pos = n
	}
	return n, err
}

func (f *watchedFile) Truncate(size int64) error { return f.file.Truncate(size) }

// watchedSource is a file that tells how far it has been read.
type watchedSource struct {
	file *os.File
	at   func(int64)
	pos  int64
}

func (f *watchedSource) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	f.pos += int64(n)
	f.at(f.pos)
	return n, err
}

func (f *watchedSource) Seek(offset int64, whence int) (int64, error) {
	n, err := f.file.Seek(offset, whence)
	if err == nil {
		f.pos = n
	}
	return n, err
}
