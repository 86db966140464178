package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/sealane/sealane/ftp"
)

// ModTime returns when a file was last changed (MDTM, RFC 3659 §3).
func (c *Client) ModTime(ctx context.Context, path string) (time.Time, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return time.Time{}, err
	}
	t, err := c.modTime(path)
	return t, end(err)
}

func (c *Client) modTime(path string) (time.Time, error) {
	r, err := c.expect(ftp.Completion, "MDTM", path)
	if err != nil {
		return time.Time{}, err
	}
	return timeOf(r)
}

// timeOf takes the time out of a 213.
func timeOf(r ftp.Reply) (time.Time, error) {
	t, err := ftp.ParseTime(strings.TrimSpace(r.Text()))
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: the reply to MDTM is no time", ErrProtocol)
	}
	return t, nil
}

// SetModTime sets when a file was last changed, to the second: by MFMT
// (draft-somers-ftp-mfxx-04 §3), or where the server does not know that, by what
// older ones have, MDTM with a time and SITE UTIME. The error is the server's
// answer to the first of them.
func (c *Client) SetModTime(ctx context.Context, path string, t time.Time) error {
	end, err := c.begin(ctx)
	if err != nil {
		return err
	}
	return end(c.setModTime(path, t))
}

func (c *Client) setModTime(path string, t time.Time) error {
	var first error
	for _, command := range timeLines(path, t) {
		if command[0] == "MFMT" && c.noMFMT {
			continue
		}
		_, err := c.expect(ftp.Completion, command[0], command[1:]...)
		if err == nil {
			c.timeBy = command[0]
			return nil
		}
		if first == nil {
			first = err
		}
		if !c.refused(err) {
			return err
		}
		if command[0] == "MFMT" {
			if !unknownCommand(err) {
				return err // it knows MFMT: this is about the file
			}
			c.noMFMT = true
		}
	}
	return first
}

// timeLines are the commands that set a time, the best first.
func timeLines(path string, t time.Time) [][]string {
	when := ftp.FormatTime(t)
	return [][]string{
		{"MFMT", when, path},
		{"MDTM", when, path},
		// Access, modification and creation. ProFTPD, Pure-FTPd and NcFTPd have this form.
		{"SITE", "UTIME", path, when, when, when, "UTC"},
	}
}

// timeLine is the command that is known to set times here, or nil. Of others it has
// to be found out first which of them does.
func (c *Client) timeLine(path string, t time.Time) []string {
	by := c.timeBy
	if by == "" && c.HasFeature("MFMT") {
		by = "MFMT"
	}
	if t.IsZero() || by == "" {
		return nil
	}
	lines := timeLines(path, t)
	i := slices.IndexFunc(lines, func(line []string) bool { return line[0] == by })
	return lines[i]
}

// Chmod sets the permission bits of a file or directory, by MFF
// (draft-somers-ftp-mfxx-04 §5) if FEAT names it, else by SITE CHMOD. Other bits
// of mode are an error.
func (c *Client) Chmod(ctx context.Context, path string, mode fs.FileMode) error {
	if mode&^fs.ModePerm != 0 {
		return fmt.Errorf("ftpclient: %v holds more than permissions", mode)
	}
	octal := fmt.Sprintf("%04o", mode)
	for _, f := range c.features {
		if f.Name == "MFF" && strings.Contains(strings.ToLower(f.Params), "unix.mode;") {
			_, err := c.simple(ctx, "MFF", "UNIX.mode="+octal+";", path)
			return err
		}
	}
	_, err := c.simple(ctx, "SITE", "CHMOD", octal[1:], path)
	return err
}

// refused reports whether err is a 5yz reply that left the connection usable.
func (c *Client) refused(err error) bool {
	var refused *ftp.Error
	return errors.As(err, &refused) && refused.Reply.Code.Class() == ftp.Permanent && c.lost() == nil
}

// unknownCommand reports whether the server does not have the command at all.
func unknownCommand(err error) bool {
	var refused *ftp.Error
	return errors.As(err, &refused) &&
		(refused.Reply.Code == ftp.Code500Unknown || refused.Reply.Code == ftp.Code502NotImplemented)
}
