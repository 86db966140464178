package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// Size returns the size of a file in bytes (SIZE, RFC 3659 §4).
func (c *Client) Size(ctx context.Context, path string) (int64, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return 0, err
	}
	n, err := c.size(path)
	return n, end(err)
}

func (c *Client) size(path string) (int64, error) {
	r, err := c.expect(ftp.Completion, "SIZE", path)
	if err != nil {
		return 0, err
	}
	return sizeOf(r)
}

// sizeOf takes the size out of a 213.
func sizeOf(r ftp.Reply) (int64, error) {
	// ParseUint takes no sign; 63 bits are what a file can have.
	n, err := strconv.ParseUint(strings.TrimSpace(r.Text()), 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: the reply to SIZE is no size", ErrProtocol)
	}
	return int64(n), nil
}

// sizeIfKnown is -1 if the server has no SIZE, or none for this file. A refusal
// does not stop a transfer (RFC 3659 §4.2); neither does a reply that makes no
// sense: what cannot be compared cannot prove.
func (c *Client) sizeIfKnown(path string) (int64, error) {
	if !c.HasFeature("SIZE") {
		return -1, nil
	}
	n, err := c.size(path)
	var refused *ftp.Error
	switch {
	case err == nil:
		return n, nil
	case c.lost() != nil:
		return -1, err
	case errors.As(err, &refused):
		return -1, nil
	case errors.Is(err, ErrProtocol):
		c.warn("SIZE", path, err)
		return -1, nil
	}
	return -1, err
}

// Mkdir makes a directory.
func (c *Client) Mkdir(ctx context.Context, path string) error {
	_, err := c.simple(ctx, "MKD", path)
	return err
}

// Remove deletes a file.
func (c *Client) Remove(ctx context.Context, path string) error {
	_, err := c.simple(ctx, "DELE", path)
	return err
}

// Rmdir deletes an empty directory.
func (c *Client) Rmdir(ctx context.Context, path string) error {
	_, err := c.simple(ctx, "RMD", path)
	return err
}

// Rename moves a file or directory (RNFR, RNTO). Whether a file at the new name
// is replaced depends on the server.
func (c *Client) Rename(ctx context.Context, from, to string) error {
	end, err := c.begin(ctx)
	if err != nil {
		return err
	}
	// The new name is checked first: RNFR must not be left waiting.
	if !c.sendable(to) {
		return end(c.send("RNTO", to))
	}
	if _, err = c.expect(ftp.Intermediate, "RNFR", from); err == nil {
		_, err = c.expect(ftp.Completion, "RNTO", to)
	}
	return end(err)
}

// Chdir changes the working directory.
func (c *Client) Chdir(ctx context.Context, path string) error {
	c.altered = true
	_, err := c.simple(ctx, "CWD", path)
	return err
}

// Pwd returns the working directory.
func (c *Client) Pwd(ctx context.Context) (string, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return "", err
	}
	dir, err := c.pwd()
	return dir, end(err)
}

func (c *Client) pwd() (string, error) {
	r, err := c.expect(ftp.Completion, "PWD")
	if err != nil {
		return "", err
	}
	dir, ok := quotedPath(r.Lines[0])
	if r.Code != ftp.Code257Path || !ok {
		return "", fmt.Errorf("%w: the reply to PWD holds no path in quotes", ErrProtocol)
	}
	return dir, nil
}

// quotedPath takes the path out of the text of a 257: it stands in double
// quotes, and quotes in it are doubled (RFC 959 appendix II).
func quotedPath(s string) (string, bool) {
	s, ok := strings.CutPrefix(s, `"`)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for {
		part, rest, found := strings.Cut(s, `"`)
		if !found {
			return "", false
		}
		b.WriteString(part)
		if s, found = strings.CutPrefix(rest, `"`); !found {
			return b.String(), b.Len() > 0
		}
		b.WriteByte('"')
	}
}

// Noop does nothing, which keeps the connection alive.
func (c *Client) Noop(ctx context.Context) error {
	_, err := c.simple(ctx, "NOOP")
	return err
}

func (c *Client) simple(ctx context.Context, verb string, arg ...string) (ftp.Reply, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return ftp.Reply{}, err
	}
	r, err := c.expect(ftp.Completion, verb, arg...)
	return r, end(err)
}
