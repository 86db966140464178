package ftpclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sealane/sealane/ftp"
)

// overlap is how much of what is there already is moved again, to see whether both
// ends speak of the same file: a server may answer REST with 350 and begin at 0 all
// the same, and the file may have become another.
const overlap = 64 << 10

// File is the local end of a download that can be resumed; *os.File is one.
type File interface {
	io.ReadWriteSeeker
	Truncate(size int64) error
}

// ResumeRetrieve completes f, which holds the beginning of the file at path, or
// nothing. Up to 64 KiB at the end of f are fetched again and compared; if they
// differ, if f is longer than the server's file, or if the server cannot begin in
// the middle (REST), then f is emptied and the file fetched from its beginning.
// After an error f holds what came, to be resumed later. See Retrieve for what is
// proven; a hash (Options.Check) is of the whole file.
func (c *Client) ResumeRetrieve(ctx context.Context, path string, f File) (Result, error) {
	res := Result{Size: -1}
	end, err := c.begin(ctx)
	if err != nil {
		return res, err
	}
	have, err := f.Seek(0, io.SeekEnd)
	if err == nil && have > 0 {
		if err = c.goOn(ctx, &res, path, f, have); err == nil || !startOver(err) || c.lost() != nil {
			return res, end(err)
		}
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return res, end(err)
	}
	res = Result{Size: -1}
	sum, err := c.summing(0, nil)
	if err == nil {
		err = c.retrieve(ctx, &res, path, 0, sum.writer(f), sum)
	}
	return res, end(err)
}

// goOn fetches what follows the first have bytes, which f holds.
func (c *Client) goOn(ctx context.Context, res *Result, path string, f File, have int64) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum, err := c.summing(have, f)
	if err != nil {
		return err
	}
	tail, err := tailOf(f, have)
	if err != nil {
		return err
	}
	// What lies in the overlap is in the hash already.
	w := &comparing{want: tail, next: sum.writer(f)}
	if err := c.retrieve(ctx, res, path, have-int64(len(tail)), w, sum); err != nil {
		return err
	}
	if len(w.want) > 0 {
		return differf("the server's file ends before the part that is here")
	}
	return nil
}

// tailOf reads the last bytes of the first have of f, and leaves f behind them.
func tailOf(f io.ReadSeeker, have int64) ([]byte, error) {
	tail := make([]byte, min(have, overlap))
	if _, err := f.Seek(have-int64(len(tail)), io.SeekStart); err != nil {
		return nil, err
	}
	_, err := io.ReadFull(f, tail)
	return tail, local(err)
}

// comparing passes on what follows want, and fails if that does not come first.
type comparing struct {
	want []byte
	next io.Writer
}

func (w *comparing) Write(p []byte) (int, error) {
	n := min(len(p), len(w.want))
	if !bytes.Equal(p[:n], w.want[:n]) {
		return 0, differf("the server's file differs from the part that is here")
	}
	w.want = w.want[n:]
	if n == len(p) {
		return n, nil
	}
	m, err := w.next.Write(p[n:])
	return n + m, err
}

// startOver reports whether a resumed transfer failed so that only one from the
// beginning can succeed: the content differs, or the server has no such REST.
func startOver(err error) bool {
	var differs differing
	var refused *ftp.Error
	return errors.As(err, &differs) ||
		errors.As(err, &refused) && refused.Reply.Code.Class() == ftp.Permanent &&
			(refused.Command == "REST" || refused.Reply.Code == ftp.Code554BadRestart)
}

// ResumeStore completes the file at path, of which the server may have the
// beginning already, from f. What the server has is found by SIZE, and up to 64 KiB
// at its end are fetched and compared, if the server lets them be read. If they
// differ, if the server has more than f, or if it cannot go on in the middle
// (REST), the file is sent from its beginning. See Store for what is proven; a
// hash (Options.Check) is of the whole file.
func (c *Client) ResumeStore(ctx context.Context, path string, f io.ReadSeeker) (Result, error) {
	res := Result{Size: -1}
	end, err := c.begin(ctx)
	if err != nil {
		return res, err
	}
	there, err := c.partThere(ctx, path, f)
	if err != nil {
		return res, end(err)
	}
	err = c.storeFrom(ctx, &res, path, f, there)
	if there > 0 && err != nil && startOver(err) && c.lost() == nil {
		res = Result{Size: -1}
		err = c.storeFrom(ctx, &res, path, f, 0)
	}
	return res, end(err)
}

// partThere gives how many bytes of f the server has.
func (c *Client) partThere(ctx context.Context, path string, f io.ReadSeeker) (int64, error) {
	there, err := c.sizeIfKnown(path)
	if err != nil || there <= 0 {
		return 0, err
	}
	all, err := f.Seek(0, io.SeekEnd)
	if err != nil || there > all {
		return 0, err
	}
	if c.opt.Check == CheckEnd {
		return there, nil
	}
	tail, err := tailOf(f, there)
	if err != nil {
		return 0, err
	}
	// The command is not retrieve: what is there is a part, and no fact of it
	// belongs into the result.
	err = c.compareTail(ctx, path, there-int64(len(tail)), tail)
	var refused *ftp.Error
	switch {
	case err == nil:
		return there, nil
	case c.lost() != nil:
		return 0, err
	case startOver(err):
		return 0, nil
	case errors.As(err, &refused) && refused.Reply.Code.Class() == ftp.Permanent:
		return there, nil // a drop box: nothing can be read, and the size must do
	}
	return 0, err
}

// compareTail fetches the file from offset on and fails unless it is tail.
func (c *Client) compareTail(ctx context.Context, path string, offset int64, tail []byte) error {
	t, err := c.transfer(ctx, false, offset, "RETR", path)
	if err != nil {
		return err
	}
	w := &comparing{want: tail, next: io.Discard}
	if _, err = t.receive(w, int64(len(tail))); err != nil {
		t.cut()
		return t.explain(err)
	}
	t.finish()
	if f := t.wait(c.opt.FinishTimeout); f.err != nil {
		return fmt.Errorf("%w: what the server has could not be compared: %w", ErrNotVerified, f.err)
	}
	if len(w.want) > 0 {
		return differf("the server's file ends before the size that it gives")
	}
	return nil
}

// storeFrom sends what follows the first offset bytes of f.
func (c *Client) storeFrom(ctx context.Context, res *Result, path string, f io.ReadSeeker, offset int64) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum, err := c.summing(offset, f)
	if err != nil {
		return err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	return c.storeChecked(ctx, res, offset, f, path, sum, FileInfo{})
}
