package ftpclient

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/sealane/sealane/ftp"
)

// RetrieveTo writes the file that u names to w, which gets each byte once and in its
// order, as standard output does. After failures that are temporary it is tried again, with
// another connection if need be: from the beginning as long as w has got nothing, and then
// from where it stopped, if the server can show that it still is the same file, by its
// time of change (MDTM), its size, and up to 64 KiB before that place. What fails for
// another reason, or differs, stays an error: w has what it has. An error of w is
// never tried again. The Result is of the last attempt, but for Bytes and Offset: Bytes is
// what w has taken.
func (p *Pool) RetrieveTo(ctx context.Context, u ftp.URL, w io.Writer) (Result, error) {
	s := &stream{w: w}
	res := Result{Size: -1}
	err := p.opt.Retry.loop(ctx, s.mayGoOn, func() (bool, error) {
		c, err := p.Get(ctx, u)
		if err != nil {
			return false, err
		}
		defer p.Put(c)
		before := s.at
		res, err = c.retrieveTo(ctx, u.Path, s)
		return s.at > before, err
	})
	res.Bytes, res.Offset = s.at, 0
	return res, err
}

// StoreFrom copies r, which can be read once, to the file that u names, as Client.Store
// does. What fails for the moment is tried again only as long as nothing of r has been
// read.
func (p *Pool) StoreFrom(ctx context.Context, u ftp.URL, r io.Reader) (Result, error) {
	res := Result{Size: -1}
	var begun atomic.Bool
	once := reader(func(b []byte) (int, error) {
		begun.Store(true)
		return r.Read(b)
	})
	err := p.opt.Retry.loop(ctx, func(err error) bool { return Temporary(err) && !begun.Load() }, func() (bool, error) {
		c, err := p.Get(ctx, u)
		if err != nil {
			return false, err
		}
		defer p.Put(c)
		res, err = c.Store(ctx, u.Path, 0, once)
		return false, err
	})
	return res, err
}

// stream is a download to where it cannot be read back.
type stream struct {
	w       io.Writer
	at      int64  // bytes that w has taken
	tail    []byte // the last overlap of them, or some more
	sum     *summing
	size    int64     // that the server gave before the first byte
	changed time.Time // likewise; zero: it gave none
}

func (s *stream) mayGoOn(err error) bool {
	var here *LocalError // how much w has taken of what failed is not known, whatever it failed of
	return !errors.As(err, &here) && Temporary(err) && (s.at == 0 || !s.changed.IsZero())
}

// Write passes on what comes, and keeps its end.
func (s *stream) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.at += int64(n)
	if p = p[:n]; n >= overlap {
		s.tail = append(s.tail[:0], p[n-overlap:]...)
		return n, err
	}
	if len(s.tail)+n > 2*overlap {
		s.tail = s.tail[:copy(s.tail, s.last())]
	}
	s.tail = append(s.tail, p...)
	return n, err
}

func (s *stream) last() []byte { return s.tail[max(0, len(s.tail)-overlap):] }

// retrieveTo begins with the file, or goes on with it.
func (c *Client) retrieveTo(ctx context.Context, path string, s *stream) (Result, error) {
	res := Result{Size: -1}
	end, err := c.begin(ctx)
	if err != nil {
		return res, err
	}
	c.wantTime = true
	defer func() { c.wantTime = false }()
	if s.at > 0 {
		return res, end(c.streamOn(ctx, &res, path, s))
	}
	if s.sum, err = c.summing(0, nil); err == nil {
		err = c.retrieve(ctx, &res, path, 0, s.sum.writer(s), s.sum)
	}
	s.size, s.changed = res.Size, res.ModTime
	return res, end(err)
}

func (c *Client) streamOn(ctx context.Context, res *Result, path string, s *stream) error {
	tail := s.last()
	w := &comparing{want: tail, next: s.sum.writer(s)}
	checked := writer(func(p []byte) (int, error) {
		if res.Size != s.size || !res.ModTime.Equal(s.changed) { // they came before the data
			return 0, differf("the server's file has changed since its first bytes came")
		}
		return w.Write(p)
	})
	if err := c.retrieve(ctx, res, path, s.at-int64(len(tail)), checked, s.sum); err != nil {
		return err
	}
	if len(w.want) > 0 {
		return differf("the server's file ends before what has come of it")
	}
	return nil
}

// writer and reader are functions as an io.Writer and an io.Reader.
type (
	writer func([]byte) (int, error)
	reader func([]byte) (int, error)
)

func (f writer) Write(p []byte) (int, error) { return f(p) }
func (f reader) Read(p []byte) (int, error)  { return f(p) }
