// Package vfs is the one storage contract of Sealane: the server's folders and
// the client's trees are both an [FS]. Drivers live in the folders below it
// (osfs: a folder of the operating system; memfs: memory) and pass the suite in
// vfstest.
//
// The interface is closed: there are no optional interfaces to probe for, so
// that a layer around an FS cannot be slipped past. A layer never embeds the
// inner FS; a method that is added here then breaks the layer at compile time
// rather than pass its policy by.
package vfs
