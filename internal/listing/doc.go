// Package listing formats and parses the two kinds of directory entries: the
// ls-like line of LIST, for people and old programs, and the facts of MLSD and
// MLST (RFC 3659 §7). Formatting appends to a buffer and allocates nothing per
// entry.
package listing
