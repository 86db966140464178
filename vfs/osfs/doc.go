// Package osfs is a folder of the operating system as a [vfs.FS].
//
// [Open] opens a folder once; [FS.For] gives it to each account under a [Policy] of
// its own. [FS.Method] says how uploads are stored there, for the log.
//
// # What is reached
//
// Every access begins at one [os.Root], so that no name and no symbolic link
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
// would; what it pointed to is left alone. FS.Symlink makes relative links.
//
// FIFOs, sockets and devices are KindOther too, and are neither opened nor
// removed nor replaced. Opening one never blocks.
//
// # What a finished upload promises
//
// Commit returns when the whole file is under its name. At [vfs.DurableFull], the
// default, it then outlives a power cut: first the owner and the permissions are
// set, then the file is synced, then it gets its name, then the directory is
// synced, and only then Commit returns. Mkdir, Remove, Rmdir, Rename and Symlink
// sync the directories they change. Who changes one directory at the same time
// shares its syncs: a change that comes while a sync runs waits for the next one,
// never for the running one. When such a sync fails, every change in that directory
// that began before is refused, also one that was waiting for a later sync. At [vfs.DurableProcess] nothing is ever synced; what
// was acknowledged then outlives the process, and not a power cut.
//
// A sync that fails is final. It is not tried again, since the system forgets the
// error with the first report of it; the upload is dropped, and the old file
// stays. Only when the very last step fails, the sync of the directory, Commit
// returns an error although the new file is to be seen: the disk is failing.
//
// An append whose file was changed by someone else since it began, or got another
// time, mode or owner, is refused by Commit with [vfs.ErrConflict], since one of the
// two would be lost. This holds
// for two servers on one folder as well.
//
// # How it is stored
//
// On Linux an upload has no name at all until Commit (O_TMPFILE), so that a server
// that is killed leaves nothing behind. A new name is linked; one that exists is
// replaced by a rename in one step. Where the disk has no such files (NFS, vfat,
// FUSE) and on other systems an upload has a hidden name until it is renamed.
// Exclusive uploads and renames are refused by the system itself, which lets no
// two succeed; on Windows, and on disks that have neither hard links nor a rename
// for it, only among the users of this process.
//
// Append and Offset build on a copy of the old file, which stays whole until
// Commit. The copy shares its blocks with the old file where the disk can do
// that (XFS, btrfs); elsewhere it takes the time and the space of the old file.
//
// Temporary names, and uploads that broke off, are in the folder ".sealane" at the
// top, which is made when it is first needed, with access for the user of the
// server only. It cannot be seen or named in any spelling, and nor can names like
// ".sealane-….part". A directory that is on another file system than that has such
// names in itself. Files in use are locked (flock, LockFileEx). Open, and every
// hour from then on, removes what nobody has locked: this is how two servers on
// one folder leave each other's work alone, and how what a killed server left is
// cleaned up. A ".sealane" that belongs to another user, or is no folder, is not
// used; Method says so, and uploads that break off are lost.
//
// # Uploads that broke off
//
// They are kept as [vfs.Upload] and [vfs.Create] say, for their owner
// ([Policy.Owner]) and the path they went to, and outlive a restart; where
// Durability is full they are synced. Renaming a directory does not take them
// along. They go when they are older than [KeepFor] (24 hours), and the oldest go
// when an owner has more than [Policy.KeepBytes] (16 GiB) or 1,000 of them; one that
// is larger than KeepBytes is not kept, and no other goes for it. What is in progress
// does not count.
//
// While a session continues one, no other session finds it: a fresh start is all
// that is left to them. A server that is killed in the middle of that leaves the
// bytes that were there when it was continued. What has a second name is a
// committed file whose kept name a power cut has brought back (on a disk without a
// journal): the kept name is dropped, and the file is left alone.
//
// # Direct uploads
//
// [Policy.Direct] is for those who must see a file grow. The bytes go to the file
// itself, through a link inside the folder too; Commit syncs it, and an upload
// that breaks off stays as it is, with nothing of the old file. Appends are not
// checked for conflicts, and end up one after the other.
//
// # Permissions and owners
//
// A new file gets Policy.FileMode (0666), or what [vfs.Create] asks for, a new directory Policy.DirMode (0777),
// less Policy.Umask (0022), and never setuid, setgid or sticky; a setgid bit that
// a directory inherits stays. A file that replaces another takes over its
// permissions. It is a new one all the same: it belongs to the user of the process,
// or to whom Policy.UID and GID say, which takes a privilege that For asks for at
// once; and the permission that counts is that of the directory, as for every
// rename. SetAttr changes the bits of 0777 and no others. The group that a directory
// hands on reaches new files always, and its default access list where uploads
// have no name until Commit.
//
// vfs.Entry.Rights are those of a tree that may be changed, less what the
// permissions of its directories forbid the process. Access lists are respected
// there; the permissions of single files are not looked at.
//
// # Names
//
// On Unix names are bytes. On Windows, names that Windows would take for
// something else (with ":" or "\", ending in "." or a space, NUL, COM1 and so
// on) are ErrBadName. Entries whose names no vfs.Path can hold (CR, LF, more
// than 255 bytes) are not listed.
package osfs
