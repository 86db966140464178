//go:build !unix

package sock

import "net"

// InlineUrgent does nothing here: urgent bytes are dropped by this system, and a
// client that sends the Telnet DM as urgent data must also send ABOR behind a
// whole sequence to be understood.
func InlineUrgent(*net.TCPConn) error { return nil }
