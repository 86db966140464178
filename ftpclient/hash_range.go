package ftpclient

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// HashRange has the server hash the bytes of a file from from up to, and without, to;
// from 0 to -1 is the whole file, whatever its size. The error is
// errors.ErrUnsupported if the server does not offer h, or no HASH with RANG for a
// part.
func (c *Client) HashRange(ctx context.Context, path string, h vfs.Hash, from, to int64) ([]byte, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	sum, err := c.hashRange(path, h, from, to)
	return sum, end(err)
}

func (c *Client) hashRange(path string, h vfs.Hash, from, to int64) ([]byte, error) {
	part := from != 0 || to >= 0
	if part && (from < 0 || from >= to) {
		return nil, fmt.Errorf("ftpclient: there are no bytes from %d to %d", from, to)
	}
	hashers := c.hashers()
	i := slices.IndexFunc(hashers, func(by hasher) bool {
		return by.hash == h && (!part || by.verb == "HASH" && c.HasFeature("RANG"))
	})
	if i < 0 {
		return nil, fmt.Errorf("the server does not offer %v: %w", h, errors.ErrUnsupported)
	}
	switch {
	case !part:
		// How long the server may take depends on the size.
		size, err := c.sizeIfKnown(path)
		if err != nil {
			return nil, err
		}
		to = max(size, 0)
	case from == 0: // serverSum takes that for the whole file
		if err := c.chooseHash(h); err != nil {
			return nil, err
		}
		// Both positions are part of the range (draft-bryan-ftp-range-08 §3).
		if _, err := c.expect(ftp.Intermediate, "RANG", "0", strconv.FormatInt(to-1, 10)); err != nil {
			return nil, err
		}
	}
	sum, err := c.serverSum(hashers[i], path, from, to)
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(sum.Digest)
}
