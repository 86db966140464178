// Package mirror makes one tree of files like another, wherever both are: a tree is a
// [vfs.FS], of a folder, in memory, or on a server.
//
// [Plan] compares two trees, one directory of each at a time, and streams what is to be
// done; [Apply] does it. What is held at a time is bounded, for trees of any size and for
// servers that list without end.
//
// # What it never does
//
// Nothing is deleted unless Options.Delete asks for it, and then only after everything
// else: if every listing came to its clean end, no step failed, the bounds are kept, and
// the source, asked once more, still does not have it. An empty source deletes nothing.
//
// Symbolic links and special files are neither followed, made, replaced nor deleted. A
// file takes the place of a directory, or a directory that of a file, only with
// Options.Replace. What Include and Exclude leave out is neither copied nor deleted. Names
// that lead elsewhere are refused one by one, and so is the second of two names that are
// one on the target.
//
// # Running again
//
// There is no journal: what is there says what is left to do. A copy gets the time of
// its source when it is complete, and not before, so that whatever a run left in the
// middle differs from the source, and the next run does it again. In large files it goes
// on where the last one broke off, if the target keeps such parts; they are compared
// with the source, by hash or by their tail, before the copy counts as equal. After a run
// without errors the next one moves nothing.
package mirror
