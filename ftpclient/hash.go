package ftpclient

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// Sum is the hash of a file's content.
type Sum struct {
	Hash   vfs.Hash
	Digest string // lower-case hexadecimal; "" if there is none
}

// String gives algorithm and digest, as in "SHA-256:9f86…", or nothing.
func (s Sum) String() string {
	if s.Digest == "" {
		return ""
	}
	return s.Hash.String() + ":" + s.Digest
}

// hashSpeed is how fast a slow server reads a file that it hashes, in bytes a
// second: so much longer than FinishTimeout its answer may take.
const hashSpeed = 16 << 20

// hasher is one way to have the server hash a file.
type hasher struct {
	hash vfs.Hash
	verb string
}

// oldHashVerbs are the commands from before HASH, none of them registered. What
// their replies mean is the same everywhere; how they name a part of a file is not.
func oldHashVerbs(h vfs.Hash) []string {
	switch h {
	case vfs.SHA256:
		return []string{"XSHA256"}
	case vfs.SHA512:
		return []string{"XSHA512"}
	case vfs.SHA1:
		return []string{"XSHA1", "XSHA"}
	case vfs.MD5:
		return []string{"XMD5", "MD5"}
	case vfs.CRC32:
		return []string{"XCRC"}
	}
	return nil
}

// hashers gives what the server offers, the best first.
func (c *Client) hashers() []hasher {
	var list []hasher
	for _, h := range vfs.Hashes() {
		if offered, _ := c.hashFeature(h); offered {
			list = append(list, hasher{h, "HASH"})
		}
		for _, verb := range oldHashVerbs(h) {
			if c.HasFeature(verb) {
				list = append(list, hasher{h, verb})
			}
		}
	}
	return list
}

// hashFeature looks h up in FEAT's "HASH SHA-256*;SHA-1", where the star marks the
// one in use (draft-bryan-ftpext-hash-02 §3.4).
func (c *Client) hashFeature(h vfs.Hash) (offered, inUse bool) {
	for _, f := range c.features {
		if f.Name != "HASH" {
			continue
		}
		for name := range strings.SplitSeq(f.Params, ";") {
			name, star := strings.CutSuffix(strings.TrimSpace(name), "*")
			if strings.EqualFold(name, h.String()) {
				return true, star
			}
		}
	}
	return false, false
}

// Hash has the server hash the file at path, by the best hash function that it
// offers. The error is errors.ErrUnsupported if it offers none.
func (c *Client) Hash(ctx context.Context, path string) (Sum, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return Sum{}, err
	}
	list := c.hashers()
	if len(list) == 0 {
		return Sum{}, end(fmt.Errorf("the server offers no hash of files: %w", errors.ErrUnsupported))
	}
	size, err := c.sizeIfKnown(path)
	if err != nil {
		return Sum{}, end(err)
	}
	sum, err := c.serverSum(list[0], path, 0, max(size, 0))
	return sum, end(err)
}

// serverSum asks for the hash of the bytes from from up to, and without, to, or of
// the whole file if from is 0.
func (c *Client) serverSum(by hasher, path string, from, to int64) (Sum, error) {
	limit := c.opt.FinishTimeout + time.Duration((to-from)/hashSpeed)*time.Second
	if by.verb != "HASH" {
		r, err := c.slow(limit, by.verb, quotedName(by.verb, path))
		if err != nil {
			return Sum{}, err
		}
		return by.sum(0, r)
	}
	if c.hashInUse() != by.hash.String() {
		if err := c.chooseHash(by.hash); err != nil {
			return Sum{}, err
		}
	}
	if from > 0 {
		// Both positions are part of the range (draft-bryan-ftp-range-08 §3).
		if _, err := c.expect(ftp.Intermediate, "RANG", strconv.FormatInt(from, 10), strconv.FormatInt(to-1, 10)); err != nil {
			return Sum{}, err
		}
	}
	r, err := c.slow(limit, "HASH", path)
	if err != nil {
		return Sum{}, err
	}
	return by.sum(from, r)
}

// sum takes the digest out of a reply. Only that to HASH says where the part begins.
func (by hasher) sum(from int64, r ftp.Reply) (Sum, error) {
	if by.verb == "HASH" {
		return parseHash(by.hash, from, r.Text())
	}
	fields := strings.Fields(r.Text())
	if len(fields) == 0 {
		return Sum{}, errNoDigest
	}
	return newSum(by.hash, fields[len(fields)-1])
}

// hashInUse names the hash function of HASH, or is "" if that is not known.
func (c *Client) hashInUse() string {
	if c.hashChosen != "" {
		return c.hashChosen
	}
	for _, h := range vfs.Hashes() {
		if _, inUse := c.hashFeature(h); inUse {
			return h.String()
		}
	}
	return ""
}

// chooseHash makes h the hash function of HASH, in words also where it is that already.
func (c *Client) chooseHash(h vfs.Hash) error {
	if _, err := c.expect(ftp.Completion, "OPTS", "HASH", h.String()); err != nil {
		return err
	}
	c.hashChosen = h.String()
	return nil
}

// slow is expect for a command that the server may take long for.
func (c *Client) slow(limit time.Duration, verb string, arg ...string) (ftp.Reply, error) {
	if err := c.send(verb, arg...); err != nil {
		return ftp.Reply{}, err
	}
	if err := c.ctl.SetReadDeadline(time.Now().Add(limit)); err != nil {
		err = controlError(err)
		c.fail(err)
		return ftp.Reply{}, err
	}
	for range maxPreliminary {
		r, err := c.readNow()
		switch {
		case err != nil:
			return r, err
		case r.Code.Class() == ftp.Completion:
			return r, nil
		case r.Code.Class() != ftp.Preliminary:
			return r, &ftp.Error{Command: verb, Reply: r}
		}
	}
	return ftp.Reply{}, c.broken("too many preliminary replies")
}

// quotedName puts a path with spaces in quotes, as the old commands want it.
func quotedName(verb, path string) string {
	if verb == "MD5" || !strings.HasPrefix(path, `"`) && !strings.Contains(path, " ") {
		return path
	}
	return `"` + strings.ReplaceAll(path, `"`, `""`) + `"`
}

var errNoDigest = fmt.Errorf("%w: the reply holds no digest", ErrProtocol)

// parseHash reads "SHA-256 0-49 digest name" (draft-bryan-ftpext-hash-02 §3.1).
// Servers differ in whether the second position is part of the range.
func parseHash(h vfs.Hash, from int64, text string) (Sum, error) {
	fields := strings.Fields(text)
	if len(fields) < 3 || !strings.EqualFold(fields[0], h.String()) {
		return Sum{}, errNoDigest
	}
	first, last, _ := strings.Cut(fields[1], "-")
	begin, err := strconv.ParseInt(first, 10, 64)
	if _, lerr := strconv.ParseUint(last, 10, 63); err != nil || lerr != nil || begin != from {
		return Sum{}, fmt.Errorf("%w: the digest is of another part of the file", ErrProtocol)
	}
	return newSum(h, fields[2])
}

// newSum checks that text is a digest of h. A CRC may come without its leading
// zeros.
func newSum(h vfs.Hash, text string) (Sum, error) {
	want := 2 * h.New().Size()
	if h == vfs.CRC32 && len(text) < want {
		text = strings.Repeat("0", want-len(text)) + text
	}
	if _, err := hex.DecodeString(text); err != nil || len(text) != want {
		return Sum{}, errNoDigest
	}
	return Sum{Hash: h, Digest: strings.ToLower(text)}, nil
}
