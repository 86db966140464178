// Package mirror makes one tree of files like another.
//
// Plan compares two trees, one directory of each at a time, and streams what is to be done;
// Apply does it. Nothing is deleted unless Options.Delete asks for it, and then only
// after everything else, if no step before failed and the bounds are kept.
// Symbolic links are neither followed nor made, and a file never takes the place of a
// directory, nor a directory that of a file.
package mirror
