//go:build !linux

package dataconn

import "net"

// writeMore writes p. Here the FIN goes in a packet of its own.
func writeMore(conn net.Conn, p []byte) (int, error) { return conn.Write(p) }
