// Package memfs is a [vfs.FS] in memory: the reference for what the contract
// means, and a storage for tests.
//
// The bytes of a committed file never change; a new version replaces them as a
// whole, so that who reads an old version keeps it. There are no links and no
// special files. A file that is renamed or removed during an upload to its name
// does not matter to that upload; if its directory is gone, Commit fails with
// ErrNotExist.
package memfs
