package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/ftpfs"
	"github.com/sealane/sealane/vfs/memfs"
	"github.com/sealane/sealane/vfs/osfs"
)

const (
	// keepParts is how long what broke off is kept in DEST, for a run that goes on.
	keepParts = 30 * 24 * time.Hour
	// keepAll is for SOURCE, in which nothing is cleaned up.
	keepAll = 100 * 365 * 24 * time.Hour
)

// mirrorSide is one of the two trees.
type mirrorSide struct {
	name   string // without password
	remote bool
	url    ftp.URL
	pool   *ftpclient.Pool
	fs     vfs.FS
	root   *os.Root // of a SOURCE on this machine
	clock  ftpfs.Clock
}

func (s *mirrorSide) close() {
	if s.fs != nil {
		_ = s.fs.Close()
	}
	if s.root != nil {
		_ = s.root.Close()
	}
	if s.pool != nil {
		s.pool.Close()
	}
}

// sides opens both trees; DEST is made if it is not there.
func (m *mirrorCommand) sides(ctx context.Context, from, to string) (src, dst *mirrorSide, err error) {
	if src, err = parseSide(from); err != nil {
		return nil, nil, err
	}
	if dst, err = parseSide(to); err != nil {
		return nil, nil, err
	}
	if err := apart(src, dst); err != nil {
		return nil, nil, err
	}
	err = m.openSource(ctx, src)
	if err == nil {
		err = m.openDest(ctx, dst)
	}
	if err != nil {
		src.close()
		dst.close()
		return nil, nil, err
	}
	return src, dst, nil
}

// parseSide tells URLs from folders.
func parseSide(s string) (*mirrorSide, error) {
	if !strings.Contains(s, "://") {
		if s == "" {
			return nil, usagef("the name of a folder is empty")
		}
		return &mirrorSide{name: s, clock: ftpfs.Clock{Known: true}}, nil
	}
	u, err := parseURL(s)
	if err != nil {
		return nil, err
	}
	return &mirrorSide{name: u.String(), remote: true, url: u}, nil
}

// apart refuses two trees of which one is in the other: it would grow with each run.
func apart(src, dst *mirrorSide) error {
	a, b := src.url.Path, dst.url.Path
	switch {
	case src.remote != dst.remote:
		return nil
	case src.remote:
		x, y := src.url, dst.url
		if !strings.EqualFold(x.Host, y.Host) || x.Port != y.Port || x.User != y.User {
			return nil
		}
	default:
		a, b = resolved(src.name), resolved(dst.name)
	}
	a, b = strings.TrimRight(filepath.ToSlash(a), "/")+"/", strings.TrimRight(filepath.ToSlash(b), "/")+"/"
	if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
		return usagef("SOURCE and DEST are the same folder, or one is in the other")
	}
	return nil
}

// resolved is the name of a folder without links, as far as it is there.
func resolved(name string) string {
	name, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	for rest, dir := "", name; ; {
		if found, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(found, rest)
		}
		if dir == filepath.Dir(dir) {
			return name
		}
		rest, dir = filepath.Join(filepath.Base(dir), rest), filepath.Dir(dir)
	}
}

func (m *mirrorCommand) openSource(ctx context.Context, s *mirrorSide) error {
	if s.remote {
		if err := m.connect(ctx, s); err != nil {
			return err
		}
	} else if err := openFolder(s, osfs.Policy{KeepBytes: -1}, keepAll); err != nil {
		return err
	} else if s.root, err = os.OpenRoot(s.name); err != nil {
		return err
	} else {
		s.fs = allNames{s.fs, s.root}
	}
	there, err := s.exists(ctx)
	if err == nil && !there {
		err = withHint(fmt.Errorf("there is no folder %s: %w", s.name, errNoMatch), "check SOURCE")
	}
	return err
}

func (m *mirrorCommand) openDest(ctx context.Context, s *mirrorSide) error {
	if s.remote {
		if err := m.connect(ctx, s); err != nil {
			return err
		}
		there, err := s.exists(ctx)
		if err != nil || there {
			return err
		}
		if m.opt.DryRun {
			s.fs = memfs.New()
			return nil
		}
		c, err := s.pool.Get(ctx, s.url)
		if err != nil {
			return err
		}
		defer s.pool.Put(c)
		return c.MkdirAll(ctx, s.url.Path)
	}
	info, err := os.Stat(s.name)
	switch {
	case err == nil && !info.IsDir():
		return notFolder(s.name)
	case errors.Is(err, fs.ErrNotExist) && m.opt.DryRun:
		s.fs = memfs.New()
		return nil
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(s.name, 0o777)
	}
	if err != nil {
		return err
	}
	return openFolder(s, osfs.Policy{Owner: "sealane mirror", Umask: processUmask()}, keepParts)
}

func openFolder(s *mirrorSide, p osfs.Policy, keep time.Duration) error {
	if info, err := os.Stat(s.name); err == nil && !info.IsDir() {
		return notFolder(s.name)
	}
	folder, err := osfs.Open(s.name, osfs.With(p), osfs.KeepFor(keep))
	if errors.Is(err, fs.ErrNotExist) {
		return withHint(fmt.Errorf("there is no folder %s", s.name), "check the path")
	}
	if err != nil {
		return err
	}
	s.fs = folder
	return nil
}

// connect opens the tree on a server.
func (m *mirrorCommand) connect(ctx context.Context, s *mirrorSide) error {
	var err error
	// One connection besides those that move files: for listings, folders and times.
	if s.pool, s.url, err = m.pool(ctx, m.env, s.url, m.opt.Parallel+1); err != nil {
		return err
	}
	remote, err := ftpfs.New(ctx, s.pool, s.url, ftpfs.Options{TempNames: m.tempNames})
	if err != nil {
		return err
	}
	s.fs = remote
	s.clock, err = remote.Clock(ctx)
	if errors.Is(err, vfs.ErrNotExist) {
		s.clock, err = ftpfs.Clock{Known: true}, nil // a DEST that will be made
	}
	return err
}
