package ftpserver

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/glob"
	"github.com/sealane/sealane/vfs"
)

// listTarget is what a LIST, NLST or STAT lists: a directory, those of its entries
// that match a pattern, or one file.
type listTarget struct {
	fs      vfs.FS
	path    vfs.Path
	file    *vfs.Entry    // if it is one
	pattern *glob.Pattern // nil: every entry
	options listOptions
	// name is what the client called the file, and what it must put before the names
	// in the directory to mean them.
	name string
}

// listTarget finds what the argument means: options, and a path. The last part of
// the path may be a pattern, unless something has that very name. Patterns further
// up would multiply the directories to read, part by part (CVE-2011-0418); they are
// names like any other.
func (s *session) listTarget(ctx context.Context, arg string) (listTarget, error) {
	options, arg := parseListOptions(arg)
	if err := options.check(); err != nil {
		return listTarget{}, err
	}
	t := listTarget{fs: s.grant.FS, options: options}
	e, err := s.findListed(ctx, &t, arg)
	switch {
	case err == nil && e.IsDir():
		if t.name = arg; arg != "" {
			t.name = strings.TrimRight(arg, "/") + "/"
		}
		return t, nil
	case err == nil:
		t.file, t.name = &e, arg
		return t, nil
	}
	behind := strings.LastIndexByte(arg, '/') + 1
	missing := errors.Is(err, vfs.ErrNotExist) || errors.Is(err, vfs.ErrBadName)
	if !missing || !glob.HasMeta(arg[behind:]) {
		return listTarget{}, err
	}
	if t.pattern, err = glob.Compile(arg[behind:]); err != nil {
		return listTarget{}, refuse(ftp.Code501BadParameter, "The pattern is too long.")
	}
	t.name = arg[:behind]
	switch e, err := s.findListed(ctx, &t, t.name); {
	case err != nil:
		return listTarget{}, err
	case !e.IsDir():
		return listTarget{}, vfs.ErrNotDir
	}
	return t, nil
}

// findListed looks a path up and makes it that of the target.
func (s *session) findListed(ctx context.Context, t *listTarget, arg string) (vfs.Entry, error) {
	p, err := s.path(arg)
	if err != nil {
		return vfs.Entry{}, err
	}
	t.path = p
	return t.fs.Stat(ctx, p)
}

// entries gives what is to be listed, in order.
func (t listTarget) entries(ctx context.Context, want vfs.Fields) iter.Seq2[vfs.Entry, error] {
	if t.file != nil {
		return func(yield func(vfs.Entry, error) bool) { yield(*t.file, nil) }
	}
	return t.options.sort(t.matching(t.fs.List(ctx, t.path, t.options.fields(want))))
}

func (t listTarget) matching(entries iter.Seq2[vfs.Entry, error]) iter.Seq2[vfs.Entry, error] {
	if t.pattern == nil {
		return entries
	}
	return func(yield func(vfs.Entry, error) bool) {
		for e, err := range entries {
			if (err != nil || t.pattern.Match(e.Name)) && !yield(e, err) {
				return
			}
		}
	}
}

var errNoMatch = refuse(ftp.Code550Unavailable, "No files found.")

// needMatch fails where nothing matches the pattern.
func (t listTarget) needMatch(ctx context.Context) error {
	if t.pattern == nil {
		return nil
	}
	for _, err := range t.matching(t.fs.List(ctx, t.path, 0)) {
		return err
	}
	return errNoMatch
}
