//go:build !linux

package ftpserver

// lowerThread does nothing here: other systems have no priority of a thread that
// any user may lower in this way.
func lowerThread() bool { return false }
