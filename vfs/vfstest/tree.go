package vfstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/sealane/sealane/vfs"
)

// Tree reads a whole tree: the content of every file by its path, which has no
// leading "/". Directories end in "/" and have no content; anything that is
// neither (KindOther) ends in "?".
func Tree(ctx context.Context, fsys vfs.FS) (map[string]string, error) {
	files := map[string]string{}
	err := walk(ctx, fsys, vfs.Path{}, files)
	return files, err
}

func walk(ctx context.Context, fsys vfs.FS, dir vfs.Path, files map[string]string) error {
	for e, err := range fsys.List(ctx, dir, vfs.WantAll) {
		if err != nil {
			return err
		}
		p, err := dir.Join(e.Name)
		if err != nil {
			return err
		}
		switch e.Kind {
		case vfs.KindDir:
			files[p.Rel()+"/"] = ""
			err = walk(ctx, fsys, p, files)
		case vfs.KindFile:
			files[p.Rel()], err = read(ctx, fsys, p)
		default:
			files[p.Rel()+"?"] = ""
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func read(ctx context.Context, fsys vfs.FS, p vfs.Path) (string, error) {
	f, err := fsys.Open(ctx, p)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(f)
	return string(b), errors.Join(err, f.Close())
}

// Fill writes files into a tree, given as Tree gives them. Directories are made
// as needed.
func Fill(ctx context.Context, fsys vfs.FS, files map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		p, err := vfs.Clean(name)
		if err != nil {
			return fmt.Errorf("vfstest: %q: %w", name, err)
		}
		if strings.HasSuffix(name, "/") {
			err = mkdirAll(ctx, fsys, p)
		} else if err = mkdirAll(ctx, fsys, p.Dir()); err == nil {
			err = write(ctx, fsys, p, files[name])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func mkdirAll(ctx context.Context, fsys vfs.FS, p vfs.Path) error {
	if e, err := fsys.Stat(ctx, p); err == nil && e.IsDir() {
		return nil
	}
	if err := mkdirAll(ctx, fsys, p.Dir()); err != nil {
		return err
	}
	return fsys.Mkdir(ctx, p)
}

func write(ctx context.Context, fsys vfs.FS, p vfs.Path, content string) error {
	up, err := fsys.Create(ctx, p, vfs.Create{})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(up, content); err != nil {
		return errors.Join(err, up.Abort(err))
	}
	_, err = up.Commit(ctx)
	return err
}
