// Package listing formats and parses the two kinds of directory entries: the
// ls-like line of LIST, for people and old programs, and the facts of MLSD and
// MLST (RFC 3659 §7). Formatting appends to a buffer and allocates nothing per
// entry.
//
// A [Parser] reads LIST of other servers, in whatever form they write it, and [Safe]
// judges the names that come out of it.
package listing
