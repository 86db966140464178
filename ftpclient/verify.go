package ftpclient

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/digest"
)

// Check says what Store and Retrieve compare with the server, besides the end of
// the data and the reply, which always count.
type Check uint8

// The checks.
const (
	// CheckSize compares the size with SIZE, where the server has that.
	CheckSize Check = iota
	// CheckHash compares a hash of the content as well, where the server has HASH
	// or one of XSHA256, XSHA512, XSHA1, XMD5, MD5 and XCRC. A server that does not
	// hash what it moves reads the whole file for it. Result.HashAgrees says whether that was done.
	CheckHash
	// CheckEnd compares nothing.
	CheckEnd
)

// differing is an ErrNotVerified by which both ends hold different content: going
// on from where it stopped would not mend it.
type differing string

func (e differing) Error() string { return ErrNotVerified.Error() + ": " + string(e) }
func (e differing) Unwrap() error { return ErrNotVerified }

func differf(format string, args ...any) error { return differing(fmt.Sprintf(format, args...)) }

// otherContent is a differing by which some byte is another, and not only the end
// another: nothing of what is there can be relied on.
type otherContent struct{ differing }

func (e otherContent) Unwrap() error { return e.differing }

// summing hashes what a transfer moves, to compare it with the server's hash.
type summing struct {
	by   hasher
	hash *digest.Digest
	from int64 // where in the file it begins

	answer *ftp.Reply // to a HASH that went together with other commands
}

// hashTogether is how large a file may be, in bytes, for its hash to be asked for
// together with other things: so much is hashed before anybody loses his patience.
const hashTogether = 1 << 20

// line is the command for the hash of a whole file of this size, where it can go
// together with others; else nil.
func (s *summing) line(c *Client, path string, size int64) []string {
	switch {
	case s == nil || s.from > 0 || size > hashTogether || !c.ahead:
		return nil
	case s.by.verb != "HASH":
		return []string{s.by.verb, quotedName(s.by.verb, path)}
	case c.hashInUse() == s.by.hash.String():
		return []string{"HASH", path}
	}
	return nil
}

// announce chooses the hash before so many bytes are moved (0 or less: not known), if
// they are too many to be hashed in passing: a server may then hash them on their way,
// and need not read them again. A refusal stops nothing.
func (s *summing) announce(c *Client, size int64) error {
	if s == nil || s.by.verb != "HASH" || c.hashChosen != "" || size <= hashTogether {
		return nil
	}
	err := c.chooseHash(s.by.hash)
	var refused *ftp.Error
	if errors.As(err, &refused) && c.lost() == nil {
		return nil
	}
	return err
}

// ask has the server hash the file, unless it has done so.
func (s *summing) ask(c *Client, path string, to int64) (Sum, error) {
	if s.answer == nil {
		return c.serverSum(s.by, path, s.from, to)
	}
	if s.answer.Code.Class() != ftp.Completion {
		return Sum{}, &ftp.Error{Command: s.by.verb, Reply: *s.answer}
	}
	return s.by.sum(s.from, *s.answer)
}

// summing is nil if nothing is to be hashed. head gives what lies before offset;
// if it is nil, only what is moved is hashed, which not every server can do too.
func (c *Client) summing(offset int64, head io.Reader) (*summing, error) {
	if c.opt.Check != CheckHash {
		return nil, nil
	}
	for _, by := range c.hashers() {
		s := &summing{by: by, hash: digest.New(by.hash.New()), from: offset}
		if offset == 0 || head == nil && by.verb == "HASH" && c.HasFeature("RANG") {
			return s, nil
		}
		if head == nil {
			continue
		}
		s.from = 0
		_, err := io.CopyN(s.hash, head, offset)
		return s, local(err)
	}
	return nil, nil
}

// compare has the server hash the file, whose end is at to. A server that hides
// what it was given, or answers nonsense, proves nothing either way.
func (s *summing) compare(c *Client, res *Result, path string, to int64) error {
	if s == nil || s.from > 0 && s.from == to {
		return nil
	}
	sum, err := s.ask(c, path, to)
	var refused *ftp.Error
	switch {
	case err != nil && c.lost() == nil && errors.As(err, &refused):
		return nil
	case err != nil && c.lost() == nil && errors.Is(err, ErrProtocol):
		c.warn(s.by.verb, path, err)
		return nil
	case err != nil:
		return err
	}
	res.Sum = sum
	if mine := hex.EncodeToString(s.hash.Sum()); mine != sum.Digest {
		return otherContent{differing(fmt.Sprintf("the server's %v is not that of what was moved, %s", sum, mine))}
	}
	res.HashAgrees = true
	return nil
}

// writer gives what hashes what w has taken.
func (s *summing) writer(w io.Writer) io.Writer {
	if s == nil {
		return w
	}
	return io.MultiWriter(w, s.hash)
}

// reader gives what hashes what is read from r.
func (s *summing) reader(r io.Reader) io.Reader {
	if s == nil {
		return r
	}
	return io.TeeReader(r, s.hash)
}
