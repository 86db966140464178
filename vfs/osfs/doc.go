// Package osfs is a folder of the operating system as a [vfs.FS].
//
// # What is reached
//
// Every access goes through one [os.Root], so that no name and no symbolic link
// leads out of the folder, not even while a local process exchanges directories
// for links. The folder itself may be named by a link, which is followed once,
// by Open.
//
// Links inside the folder are followed as long as they are relative and stay
// inside; os.Root refuses absolute links, even those that point inside. A link
// that dangles, loops or leads out is a [vfs.KindOther]: it can be seen, removed
// and renamed, but not opened and not written over (ErrNotRegular). As a middle
// part of a path it is ErrPermission (leads out, loops) or ErrNotExist
// (dangles). Remove and Rename act on a link itself, never on what it points
// to. An upload to the name of a link to a file replaces the link, as Rename
// would; what it pointed to is left alone.
//
// FIFOs, sockets and devices are KindOther too, and are neither opened nor
// removed nor replaced. Opening one never blocks.
//
// # Uploads
//
// An upload is written to a hidden file in the directory of its target, synced,
// renamed over the target in one step, and then the directory is synced. The
// names of these files (".sealane-….part") belong to this package: they are not
// listed, not found, and cannot be created. A crash may leave such a file
// behind, and a directory with an upload in progress is not empty. If the very
// last step, the sync of the directory, fails, Commit returns an error although
// the new file is to be seen: the disk is failing.
//
// An append whose file was changed by someone else since it began is refused by
// Commit with [vfs.ErrConflict], since one of the two would be lost.
//
// A new file's permissions are 0666 less the umask of [Umask]; an existing
// file's are kept, without setuid and setgid. The file is a new one all the
// same: it belongs to the user of the process, and the permission that counts
// is that of the directory, as for every rename.
//
// # Names
//
// On Unix names are bytes. On Windows, names that Windows would take for
// something else (with ":" or "\", ending in "." or a space, NUL, COM1 and so
// on) are ErrBadName. Entries whose names no vfs.Path can hold (CR, LF, more
// than 255 bytes) are not listed.
package osfs
