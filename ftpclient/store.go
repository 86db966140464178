package ftpclient

import (
	"context"
	"errors"
	"io"
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
		err = c.storeChecked(ctx, &res, offset, r, path, sum)
	}
	return res, end(err)
}

func (c *Client) storeChecked(ctx context.Context, res *Result, offset int64, r io.Reader, path string, sum *summing) error {
	err := c.store(ctx, res, offset, sum.reader(r), "STOR", path)
	if err != nil || c.opt.Check == CheckEnd {
		return err
	}
	if err := c.checkStored(res, path, offset+res.Bytes); err != nil {
		return err
	}
	return sum.compare(c, res, path, offset+res.Bytes)
}

// Append copies r behind the end of the file at path, or to a new one (APPE).
// The size is not checked: others may append at the same time.
func (c *Client) Append(ctx context.Context, path string, r io.Reader) (Result, error) {
	res := Result{Size: -1}
	end, err := c.begin(ctx)
	if err != nil {
		return res, err
	}
	return res, end(c.store(ctx, &res, 0, r, "APPE", path))
}

func (c *Client) store(ctx context.Context, res *Result, offset int64, r io.Reader, verb, path string) error {
	res.Offset = offset
	t, err := c.transfer(ctx, true, offset, verb, path)
	if err != nil {
		return err
	}
	if state := t.data.TLS(); state != nil {
		res.Resumed = state.DidResume
	}
	if res.Bytes, err = t.send(r); err != nil {
		t.cut()
		return t.explain(err)
	}
	t.sent.Store(true)
	if err = t.data.Finish(); err != nil {
		t.cut()
		return t.explain(t.dataError(err))
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

// send copies r to the data connection.
func (t *transfer) send(r io.Reader) (n int64, err error) {
	buf := make([]byte, copyBuffer)
	for {
		got, rerr := r.Read(buf)
		if got > 0 {
			if _, err := t.data.Write(buf[:got]); err != nil {
				return n, t.dataError(err)
			}
			n += int64(got)
		}
		if rerr == io.EOF {
			return n, nil
		}
		if rerr != nil {
			return n, rerr
		}
	}
}

// checkStored compares the size that the server now gives. A server that hides
// what it was given (a drop box) answers 550, which proves nothing either way.
func (c *Client) checkStored(res *Result, path string, want int64) error {
	size, err := c.sizeIfKnown(path)
	if err != nil {
		return err
	}
	res.Size = size
	if size >= 0 && size != want {
		return differf("the server has %d bytes, %d were sent", size, want)
	}
	res.SizeAgrees = size >= 0
	return nil
}
