// Package memfs is a [vfs.FS] in memory: the reference for what the contract
// means, and a storage for tests.
//
// The bytes of a committed file never change; a new version replaces them as a
// whole, so that who reads an old version keeps it. A file that is renamed or
// removed during an upload to its name does not matter to that upload; if its
// directory is gone, Commit fails with ErrNotExist.
//
// There is one account, which may do everything: there are no owners and no
// groups, and a mode is kept and shown but forbids nothing. There are no links
// and no special files, and the time of creation is not known. What broke off is
// kept until it is continued, forgotten or removed; see [KeepBytes] and [Limit].
// All is gone with the process ([vfs.DurableNone]).
package memfs
