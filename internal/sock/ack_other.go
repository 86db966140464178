//go:build !linux

package sock

import "net"

// AckAtOnce does nothing here: the system has no such option.
func AckAtOnce(net.Conn) {}
