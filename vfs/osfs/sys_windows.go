package osfs

import (
	"path/filepath"
	"strings"
)

const noWait = 0

// hasModes says that files have no permissions, and links need a privilege.
const hasModes = false

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
