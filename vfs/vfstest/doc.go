// Package vfstest is the suite that every driver of [vfs.FS] passes:
//
//	func TestSuite(t *testing.T) {
//		vfstest.Run(t, func(t *testing.T) vfs.FS { return mydriver.New() })
//	}
//
// It tests what the contract promises and nothing that a driver may choose. Run
// it with -race. [Tree] and [Fill] turn a tree into a map and a map into a tree.
package vfstest
