package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/listing"
	"github.com/sealane/sealane/vfs"
)

// Stat describes one file or directory (MLST, RFC 3659 §7). Of a server without
// MLST it finds out whether the name is a directory (CWD), and of a file the size
// and the time of change (SIZE, MDTM), as far as the server tells.
func (c *Client) Stat(ctx context.Context, name string) (vfs.Entry, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return vfs.Entry{}, err
	}
	e, err := c.stat(name)
	return e, end(err)
}

func (c *Client) stat(name string) (vfs.Entry, error) {
	if !c.noMLST {
		e, err := c.mlst(name)
		if err == nil || !unknownCommand(err) {
			return e, err
		}
		c.noMLST = true
	}
	return c.statParts(name)
}

func (c *Client) mlst(name string) (vfs.Entry, error) {
	r, err := c.expect(ftp.Completion, "MLST", name)
	if err != nil {
		return vfs.Entry{}, err
	}
	if len(r.Lines) < 3 {
		return vfs.Entry{}, fmt.Errorf("%w: MLST gave no entry", ErrProtocol)
	}
	e, err := listing.ParseMLSx(r.Lines[1])
	if err != nil {
		return vfs.Entry{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	e.Name = path.Base(name) // the reply repeats the path, in whatever form the server likes
	return e, nil
}

// statParts puts an entry together. SIZE alone would not do: some servers give one
// for directories.
func (c *Client) statParts(name string) (vfs.Entry, error) {
	e := vfs.Entry{Name: path.Base(name), Kind: vfs.KindDir}
	isDir, err := c.isDirByCWD(name)
	if err != nil || isDir {
		return e, err
	}
	e.Kind = vfs.KindFile
	e.Size, err = c.size(name)
	if errors.Is(err, ErrProtocol) && c.lost() == nil {
		c.warn("SIZE", name, err)
		e.Size, err = 0, nil
	}
	if err != nil {
		return vfs.Entry{}, err
	}
	e.ModTime, err = c.modTime(name)
	switch {
	case err == nil || c.lost() != nil:
		return e, err
	case errors.Is(err, ErrProtocol):
		c.warn("MDTM", name, err)
	}
	return e, nil // without a time, which the server did not give
}

// isDir reports whether name is a directory that can be entered.
func (c *Client) isDir(name string) (bool, error) {
	if c.noMLST {
		return c.isDirByCWD(name)
	}
	e, err := c.stat(name)
	if err != nil && c.refused(err) {
		return false, nil
	}
	return err == nil && e.IsDir(), err
}

// isDirByCWD enters a directory and goes back.
func (c *Client) isDirByCWD(name string) (bool, error) {
	back, err := c.pwd()
	if err != nil {
		return false, err
	}
	if _, err := c.expect(ftp.Completion, "CWD", name); err != nil {
		if c.refused(err) {
			return false, nil
		}
		return false, err
	}
	_, err = c.expect(ftp.Completion, "CWD", back)
	return true, err
}

// MkdirAll makes a directory and those above it that are missing. A directory that
// is there already is no error.
func (c *Client) MkdirAll(ctx context.Context, name string) error {
	end, err := c.begin(ctx)
	if err != nil {
		return err
	}
	return end(c.mkdirAll(path.Clean(name)))
}

// mkdirAll goes up to the first directory that is there, and down again.
func (c *Client) mkdirAll(name string) error {
	missing := []string{}
	for dir := name; dir != "/" && dir != "."; dir = path.Dir(dir) {
		there, err := c.isDir(dir)
		if err != nil {
			return err
		}
		if there {
			break
		}
		missing = append(missing, dir)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		_, err := c.expect(ftp.Completion, "MKD", missing[i])
		if err == nil {
			continue
		}
		if !c.refused(err) {
			return err
		}
		// Another client may have been faster; and a server that hides directories
		// above the account's own may still let it make one below.
		if there, derr := c.isDir(missing[i]); derr != nil || !there && i == 0 {
			return errors.Join(err, derr)
		}
	}
	return nil
}
