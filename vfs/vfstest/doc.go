// Package vfstest is the suite that every driver of [vfs.FS], and every layer that
// lets write, passes:
//
//	func TestSuite(t *testing.T) {
//		vfstest.Run(t, func(t *testing.T) vfs.FS { return mydriver.New() })
//	}
//
// It tests what the contract promises and nothing that a driver may choose; what a
// driver has not got is skipped by its Caps. Run it with -race. [CheckRights] also
// serves views that let only some things be done.
//
// [Tree] and [Fill] turn a tree into a map and a map into a tree. [Faults] and
// [EachFault] test the users of a tree: each call to it fails once.
package vfstest
