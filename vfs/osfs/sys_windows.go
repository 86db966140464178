package osfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const readFlags = os.O_RDONLY

// nameAllowed refuses what Windows would take for something else than one
// name: separators, streams ("a:b"), wildcards, devices (NUL, COM1), and the
// trailing dots and spaces that half of its programs strip.
func nameAllowed(name string) bool {
	if strings.ContainsAny(name, `<>:"|?*\/`) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return false
	}
	for i := range len(name) {
		if name[i] < ' ' {
			return false
		}
	}
	return filepath.IsLocal(name)
}

// unique is empty: the file index is not in what package os tells.
func unique(fs.FileInfo) string { return "" }

// syncRoot does nothing: Windows cannot flush a directory, and journals names.
func syncRoot(*os.Root) error { return nil }
