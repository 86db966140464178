//go:build unix

package cli

import (
	"io/fs"
	"syscall"
)

// processUmask is the umask that this program was started with. It cannot be read
// without being set for a moment; nothing else makes files then.
func processUmask() *fs.FileMode {
	old := syscall.Umask(0o077)
	syscall.Umask(old)
	mask := fs.FileMode(old) & fs.ModePerm
	return &mask
}
