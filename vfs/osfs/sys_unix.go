//go:build unix

package osfs

import "syscall"

// noWait is for every open. Without it the open of a FIFO would wait for its
// other end (S-74); regular files ignore it.
const noWait = syscall.O_NONBLOCK

// hasModes says that files have permissions and can be links.
const hasModes = true

// nameAllowed says what this system adds to the rules of vfs.Path: nothing.
func nameAllowed(string) bool { return true }
