package osfs

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

func fromFileInfo(fi fs.FileInfo) info {
	in := info{mode: fi.Mode(), size: fi.Size(), mod: fi.ModTime(), links: 1, ref: fi}
	if data, ok := fi.Sys().(*syscall.Win32FileAttributeData); ok {
		in.created = time.Unix(0, data.CreationTime.Nanoseconds())
	}
	return in
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
