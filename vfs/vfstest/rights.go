package vfstest

import (
	"errors"
	"testing"

	"github.com/sealane/sealane/vfs"
)

// what Rights say is what then works, no more and no less.
func testRights(s *suite) {
	CheckRights(s.T, s.fs, s.fs, map[string]string{"f": "1", "empty": "", "d/": "", "d/f": "2", "d/sub/": "", "bare/": ""})
}

// CheckRights tries everything that an entry's Rights can speak of, and compares
// what they said with what works: for the root and for all of files, which are
// given as for Fill. They are made in below, where nothing is forbidden, and what
// the attempts have changed is mended there: below is fsys itself, or the tree
// that fsys is a restricted view of, with the same names.
func CheckRights(t *testing.T, fsys, below vfs.FS, files map[string]string) {
	t.Helper()
	c := &rightsCheck{suite: &suite{t, fsys}, below: below, files: files}
	if err := Fill(t.Context(), below, files); err != nil {
		t.Fatal(err)
	}
	c.check("/")
	for name := range files {
		c.check(name)
	}
}

type rightsCheck struct {
	*suite
	below vfs.FS
	files map[string]string
}

func (c *rightsCheck) check(name string) {
	c.Helper()
	p := c.path(name)
	for _, try := range c.attempts() {
		e, err := c.fs.Stat(c.Context(), p)
		if err != nil {
			c.Errorf("Stat(%q): %v", name, err)
			return
		}
		err = try.run(p)
		// That an attempt was in vain for another reason is not a matter of rights.
		if works := err == nil || errors.Is(err, vfs.ErrNotEmpty); works != (e.Rights&try.right != 0) {
			c.Errorf("%s: Rights %010b, and %s gives: %v", name, e.Rights, try.what, err)
		}
		c.mend()
	}
}

// mend makes the tree again what it was.
func (c *rightsCheck) mend() {
	c.Helper()
	ctx := c.Context()
	tree, err := Tree(ctx, c.below)
	if err != nil {
		c.Fatal(err)
	}
	for name := range tree {
		if _, ours := c.files[name]; !ours && c.path(name).Base() == stranger {
			p := c.path(name)
			err := c.below.Remove(ctx, p)
			if errors.Is(err, vfs.ErrIsDir) {
				err = c.below.Rmdir(ctx, p)
			}
			if err != nil {
				c.Fatal(err)
			}
		}
	}
	missing := map[string]string{}
	for name, content := range c.files {
		if now, there := tree[name]; !there || now != content {
			missing[name] = content
		}
	}
	if err := Fill(ctx, c.below, missing); err != nil {
		c.Fatal(err)
	}
}

// stranger is a name that no tree has before an attempt.
const stranger = "vfstest-stranger"

type attempt struct {
	right vfs.Rights
	what  string
	run   func(p vfs.Path) error
}

func (c *rightsCheck) attempts() []attempt {
	ctx := c.Context()
	return []attempt{
		{vfs.MayAppend, "APPE", func(p vfs.Path) error { return c.store(p, vfs.Create{Append: true}) }},
		{vfs.MayWrite, "STOR", func(p vfs.Path) error { return c.store(p, vfs.Create{}) }},
		{vfs.MayRead, "RETR", func(p vfs.Path) error { _, err := read(ctx, c.fs, p); return err }},
		{vfs.MayCreate, "STOR of a new file in it", func(p vfs.Path) error { return c.store(c.in(p), vfs.Create{}) }},
		{vfs.MayMkdir, "MKD in it", func(p vfs.Path) error { return c.fs.Mkdir(ctx, c.in(p)) }},
		{vfs.MayList, "MLSD", func(p vfs.Path) error {
			for _, err := range c.fs.List(ctx, p, vfs.WantAll) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{vfs.MayEnter, "CWD", func(p vfs.Path) error {
			_, err := c.fs.Stat(ctx, c.in(p))
			if errors.Is(err, vfs.ErrNotExist) {
				err = nil
			}
			return err
		}},
		{vfs.MayPurge, "DELE of an entry of it", func(p vfs.Path) error {
			if err := write(ctx, c.below, c.in(p), "x"); err != nil {
				return err
			}
			return c.fs.Remove(ctx, c.in(p))
		}},
		{vfs.MayDelete, "DELE or RMD", func(p vfs.Path) error {
			err := c.fs.Remove(ctx, p)
			if errors.Is(err, vfs.ErrIsDir) {
				err = c.fs.Rmdir(ctx, p)
			}
			return err
		}},
		{vfs.MayRename, "RNFR", c.rename},
	}
}

// rename moves p to a new name in its directory, and back.
func (c *rightsCheck) rename(p vfs.Path) error {
	away := c.in(p.Dir())
	if err := c.fs.Rename(c.Context(), p, away, vfs.Rename{}); err != nil {
		return err
	}
	return c.below.Rename(c.Context(), away, p, vfs.Rename{})
}

// in is a name in directory p that is not there.
func (c *rightsCheck) in(p vfs.Path) vfs.Path {
	q, err := p.Join(stranger)
	if err != nil {
		c.Fatal(err)
	}
	return q
}

func (c *rightsCheck) store(p vfs.Path, how vfs.Create) error {
	up, err := c.fs.Create(c.Context(), p, how)
	if err != nil {
		return err
	}
	if _, err := up.Write([]byte("attempt")); err != nil {
		return errors.Join(err, up.Abort(err))
	}
	_, err = up.Commit(c.Context())
	return err
}
