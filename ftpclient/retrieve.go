package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sealane/sealane/ftp"
)

// copyBuffer is the size of the buffer of a transfer, sixteen full TLS records:
// large enough that system calls do not dominate.
const copyBuffer = 256 << 10

// copyBuffers are lent for a transfer each. A new one for every small file would
// have to be cleared, which costs more than the file.
var copyBuffers = sync.Pool{New: func() any { return new([copyBuffer]byte) }}

// Result says what is known of a transfer. It is filled as far as the transfer
// came also when there was an error.
type Result struct {
	Bytes int64     // moved over the network now, without what was there before
	Reply ftp.Reply // the one that ended the transfer; zero if none came
	// CleanEnd is set if the data ended as RFC 4217 §12.4 wants: by close_notify,
	// received in a download, sent in an upload. Without TLS it stays unset: there
	// an end and a cut look the same.
	CleanEnd bool
	// Offset is the byte of the file at which the data began.
	Offset int64
	// Size is the whole file's size as the server gives it to SIZE, or -1 if it
	// does not.
	Size int64
	// SizeAgrees is set if Size is known and agrees with what was moved.
	SizeAgrees bool
	// Sum is the server's hash of the file, or of the part from Offset on; empty if
	// none was compared (see Options.Check).
	Sum Sum
	// HashAgrees is set if Sum is the hash of what is here as well.
	HashAgrees bool
	// ModTime is when the server's file was last changed, of a download by
	// RetrieveFile; zero where the server does not tell.
	ModTime time.Time
	// ModTimeSet is set if StoreFile has set the time of the server's file.
	ModTimeSet bool
	// Resumed is set if the data connection resumed the control connection's TLS
	// session, which proves that both are from the same server.
	Resumed bool
}

// Retrieve copies the file at path, from offset on, to w. An offset above 0 needs
// the server's REST. Without error the file is whole: close_notify (under TLS),
// a 2yz reply, and the size of SIZE, where the server has that (see Options.Check
// for the hash too). In any other case the error says what was missing; what w has got by then may be kept to go on
// from.
func (c *Client) Retrieve(ctx context.Context, path string, offset int64, w io.Writer) (Result, error) {
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
		err = c.retrieve(ctx, &res, path, offset, sum.writer(w), sum)
	}
	return res, end(err)
}

// RetrieveFile is Retrieve of a whole file that asks for its time as well, in the
// same breath as for its size.
func (c *Client) RetrieveFile(ctx context.Context, path string, w io.Writer) (Result, error) {
	res := Result{Size: -1}
	end, err := c.begin(ctx)
	if err != nil {
		return res, err
	}
	c.wantTime = true
	defer func() { c.wantTime = false }()
	sum, err := c.summing(0, nil)
	if err == nil {
		err = c.retrieve(ctx, &res, path, 0, sum.writer(w), sum)
	}
	return res, end(err)
}

// ask asks what is to be known of a file before it is fetched, and for the data
// port: together. A refusal stops nothing (RFC 3659 §4.2), and a reply that makes no
// sense only proves nothing.
func (c *Client) ask(res *Result, path string) error {
	var b batch
	if c.wantTime && c.HasFeature("MDTM") {
		b.add([]string{"MDTM", path}, func(r ftp.Reply) error {
			if r.Code.Class() != ftp.Completion {
				return nil
			}
			var err error
			if res.ModTime, err = timeOf(r); err != nil {
				c.senseless("MDTM", path, r, err)
			}
			return nil
		})
	}
	if c.opt.Check != CheckEnd && c.HasFeature("SIZE") {
		b.add([]string{"SIZE", path}, func(r ftp.Reply) error {
			if r.Code.Class() != ftp.Completion {
				return nil
			}
			size, err := sizeOf(r)
			if err != nil {
				c.senseless("SIZE", path, r, err)
				return nil
			}
			res.Size = size
			return nil
		})
	}
	c.foresee(&b)
	return c.pipe(b)
}

// senseless tells of a reply that err says makes no sense. If it does not even have
// the code of one to this command, it may be one to another.
func (c *Client) senseless(verb, path string, r ftp.Reply, err error) {
	c.suspect = c.suspect || c.ahead && r.Code != ftp.Code213FileStatus
	c.warn(verb, path, err)
}

// retrieve fetches the file into w, which feeds sum.
func (c *Client) retrieve(ctx context.Context, res *Result, path string, offset int64, w io.Writer, sum *summing) error {
	var err error
	res.Offset = offset
	if err = c.ask(res, path); err != nil {
		return err
	}
	if res.Size >= 0 && offset > res.Size {
		return differf("the server has %d bytes, less than the %d to go on from", res.Size, offset)
	}
	if err := sum.announce(c, res.Size); err != nil {
		return err
	}
	t, err := c.transfer(ctx, false, offset, "RETR", path)
	if err != nil {
		return err
	}
	if state := t.data.TLS(); state != nil {
		res.Resumed = state.DidResume
	}
	most := int64(-1)
	if res.Size >= 0 {
		most = res.Size - offset
	}
	res.Bytes, err = t.receive(w, most)
	if err != nil {
		t.cut()
		return t.explain(err)
	}
	res.CleanEnd = c.ctl.TLS() != nil
	t.finish()
	f := t.wait(c.opt.FinishTimeout)
	res.Reply = f.reply
	switch {
	case f.err != nil:
		return fmt.Errorf("%w: the data ended, but the server did not confirm it: %w", ErrNotVerified, f.err)
	case most >= 0 && res.Bytes != most:
		return differf("%d bytes came, %d were expected", res.Bytes, most)
	}
	res.SizeAgrees = most >= 0
	return sum.compare(c, res, path, offset+res.Bytes)
}

// receive copies the data to w until they end. More than most bytes (if that is
// not negative) are an error at once: an endless file must not fill a disk.
func (t *transfer) receive(w io.Writer, most int64) (n int64, err error) {
	buf := copyBuffers.Get().(*[copyBuffer]byte)
	defer copyBuffers.Put(buf)
	for {
		got, rerr := t.data.ReadReady(buf[:])
		if n += int64(got); most >= 0 && n > most {
			return n, differf("more than the %d bytes came that were expected", most)
		}
		if got > 0 {
			if _, err := w.Write(buf[:got]); err != nil {
				return n, local(err)
			}
		}
		if rerr == io.EOF {
			return n, nil
		}
		if rerr != nil {
			return n, t.dataError(rerr)
		}
	}
}

// finish closes a data connection that was read to its end. What becomes of our
// own close_notify is of no interest any more.
func (t *transfer) finish() {
	_ = t.data.Finish()
	_ = t.raw.Close()
}
