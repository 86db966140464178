package ftpclient

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// Available says how many bytes may still be stored in directory dir (AVBL,
// draft-peterson-streamlined-ftp-command-extensions §4).
func (c *Client) Available(ctx context.Context, dir string) (int64, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return 0, err
	}
	r, err := c.expect(ftp.Completion, "AVBL", dir)
	if err != nil {
		return 0, end(err)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(r.Text()), 10, 63)
	if err != nil {
		err = fmt.Errorf("%w: the reply to AVBL is no number of bytes", ErrProtocol)
	}
	return int64(n), end(err)
}
