package osfs

import (
	"io/fs"
	"os"
)

func fromFileInfo(fi fs.FileInfo) info {
	return info{mode: fi.Mode(), size: fi.Size(), mod: fi.ModTime(), links: 1, ref: fi}
}

// follow describes what the path rel of the folder leads to.
func (t *folder) follow(rel string) (info, error) {
	fi, err := t.root.Stat(rel)
	if err != nil {
		return info{}, err
	}
	return fromFileInfo(fi), nil
}

// statFile describes an open file.
func statFile(f *os.File, _ bool) (info, error) {
	fi, err := f.Stat()
	if err != nil {
		return info{}, err
	}
	return fromFileInfo(fi), nil
}
