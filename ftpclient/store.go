package ftpclient

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sealane/sealane/ftp"
)

// Store copies r to the file at path, from offset on: 0 replaces the file, more
// keeps its first offset bytes (REST), and r has to give what follows them.
// Without error the server has confirmed the upload after its end was marked
// (close_notify, under TLS), and SIZE, where the server has it, gives the size
// that was sent (see Options.Check for the hash too). An error of r cuts the upload, so that the server does not take
// the part for the whole.
func (c *Client) Store(ctx context.Context, path string, offset int64, r io.Reader) (Result, error) {
	res := Result{Size: -1}
	if offset < 0 {
		return res, errors.New("ftpclient: negative offset")
	}
	end, err := c.begin(ctx)
	if err != nil {
		return res, err
	}
	sum, err := c.summing(offset, nil)
	if err == nil {
		err = c.storeChecked(ctx, &res, offset, r, path, sum, FileInfo{})
	}
	return res, end(err)
}

// FileInfo is what the server is told of a file besides its content.
type FileInfo struct {
	// ModTime is when the file was last changed; zero leaves it to the server.
	ModTime time.Time
	// Size is how many bytes the reader is expected to give, if more than 0. It is no
	// promise: it lets the end of the data go out together with the last of them.
	Size int64
}

// StoreFile is Store of a whole file whose time is set as well, as SetModTime does
// it, but in the same breath as the size is asked for. That the time was set, says
// Result.ModTimeSet; a refusal is no error, as the file is there. One file behind
// the other costs the least number of round trips by StoreFile.
func (c *Client) StoreFile(ctx context.Context, path string, r io.Reader, info FileInfo) (Result, error) {
	res := Result{Size: -1}
	end, err := c.begin(ctx)
	if err != nil {
		return res, err
	}
	c.uploads++
	sum, err := c.summing(0, nil)
	if err == nil {
		err = c.storeChecked(ctx, &res, 0, r, path, sum, info)
	}
	return res, end(err)
}

func (c *Client) storeChecked(ctx context.Context, res *Result, offset int64, r io.Reader, path string, sum *summing, info FileInfo) error {
	if err := sum.announce(c, info.Size); err != nil {
		return err
	}
	err := c.store(ctx, res, offset, sum.reader(r), info.Size, "STOR", path)
	if err != nil {
		return err
	}
	if err := c.settle(res, path, offset+res.Bytes, info, sum); err != nil {
		return err
	}
	err = sum.compare(c, res, path, offset+res.Bytes)
	var other otherContent
	if errors.As(err, &other) && res.ModTimeSet {
		// Who compares sizes and times must not take it for the file.
		if c.setModTime(path, time.Now()) == nil {
			res.ModTimeSet = false
		}
	}
	return err
}

// settle compares the size that the server now gives, asks for the hash of a small
// file, sets the time, and asks for the data port of the next file: together, since
// the answer to none of them matters to another. It goes behind the reply to STOR:
// some servers execute during an upload what comes meanwhile, and would give the
// size of a part.
func (c *Client) settle(res *Result, path string, want int64, info FileInfo, sum *summing) error {
	var b batch
	if c.opt.Check != CheckEnd && c.HasFeature("SIZE") {
		b.add([]string{"SIZE", path}, func(r ftp.Reply) error { return c.judgeSize(res, path, want, r) })
	}
	if line := sum.line(c, path, want); line != nil {
		b.add(line, func(r ftp.Reply) error {
			sum.answer = &r
			return nil
		})
	}
	if line := c.timeLine(path, info.ModTime); line != nil {
		b.add(line, func(r ftp.Reply) error {
			res.ModTimeSet = r.Code.Class() == ftp.Completion
			return nil
		})
	}
	if c.uploads > 1 {
		c.foresee(&b)
	}
	err := c.pipe(b)
	switch {
	case err != nil:
		return c.unsettled(res, err)
	case info.ModTime.IsZero() || res.ModTimeSet:
		return nil
	}
	err = c.setModTime(path, info.ModTime)
	res.ModTimeSet = err == nil
	if err != nil && c.lost() != nil {
		return c.unsettled(res, err)
	}
	return nil
}

// unsettled lets a connection end that has proven the upload before.
func (c *Client) unsettled(res *Result, err error) error {
	if res.SizeAgrees && c.lost() != nil {
		return nil
	}
	return err
}

// judgeSize takes the reply to SIZE. A server that hides what it was given (a drop
// box) answers 550, which proves nothing either way; neither does a reply that
// makes no sense, unless it is of another command.
func (c *Client) judgeSize(res *Result, path string, want int64, r ftp.Reply) error {
	if r.Code.Class() != ftp.Completion {
		return nil
	}
	size, err := sizeOf(r)
	if err != nil {
		c.senseless("SIZE", path, r, err)
		return nil
	}
	res.Size = size
	if size != want {
		return differf("the server has %d bytes, %d were sent", size, want)
	}
	res.SizeAgrees = true
	return nil
}

// Append copies r behind the end of the file at path, or to a new one (APPE).
// The size is not checked: others may append at the same time.
func (c *Client) Append(ctx context.Context, path string, r io.Reader) (Result, error) {
	res := Result{Size: -1}
	end, err := c.begin(ctx)
	if err != nil {
		return res, err
	}
	return res, end(c.store(ctx, &res, 0, r, 0, "APPE", path))
}

func (c *Client) store(ctx context.Context, res *Result, offset int64, r io.Reader, size int64, verb, path string) error {
	res.Offset = offset
	t, err := c.transfer(ctx, true, offset, verb, path)
	if err != nil {
		return err
	}
	if state := t.data.TLS(); state != nil {
		res.Resumed = state.DidResume
	}
	if res.Bytes, err = t.send(r, size); err != nil {
		t.cut()
		return t.explain(err)
	}
	res.CleanEnd = c.ctl.TLS() != nil
	// A close with the server's session tickets unread would be a RST, which
	// throws away at the server what it has not read yet. So the reading goes on
	// until the server closes, or has sent its reply (see readFinal).
	t.data.Drain(c.opt.FinishTimeout)
	f := t.wait(c.opt.FinishTimeout)
	res.Reply = f.reply
	switch {
	case f.err != nil:
		return f.err
	case f.early:
		return errEarly
	}
	return nil
}

// lastWrite is how much of an upload, at most, goes out together with its end: no
// more than the kernel takes at once. From then on the server may confirm.
const lastWrite = 64 << 10

// send copies r to the data connection and marks the end. What is expected to be
// the last piece waits for the end of r, so that both leave together.
func (t *transfer) send(r io.Reader, size int64) (n int64, err error) {
	buf := copyBuffers.Get().(*[copyBuffer]byte)
	defer copyBuffers.Put(buf)
	for {
		got, rerr := r.Read(buf[:])
		if last := n + int64(got); rerr == nil && got <= lastWrite && size > 0 && last == size {
			var more int
			more, rerr = r.Read(buf[got:])
			got += more
		}
		switch {
		case rerr == io.EOF && got <= lastWrite:
			t.sent.Store(true)
			if _, err := t.data.WriteLast(buf[:got]); err != nil {
				return n, t.dataError(err)
			}
			return n + int64(got), nil
		case got > 0:
			if _, err := t.data.Write(buf[:got]); err != nil {
				return n, t.dataError(err)
			}
			n += int64(got)
		}
		if rerr == io.EOF {
			t.sent.Store(true)
			if err := t.data.Finish(); err != nil {
				return n, t.dataError(err)
			}
			return n, nil
		}
		if rerr != nil {
			return n, local(rerr)
		}
	}
}
