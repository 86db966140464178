// Package testport finds ports for tests that must name them beforehand: those of
// data connections, or of a server that is a program of its own.
package testport

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Below the ports that systems give to clients (Linux: from 32768; others: from 49152). Of
// those any may become the local end of some test's connection at any moment, and a
// server cannot open it then.
const (
	first = 10_000
	last  = 32_000
)

// Range returns the first of n TCP ports in a row that are free on all addresses, and are given
// to no other caller of Range on this machine until the test ends.
func Range(t testing.TB, n int) int {
	t.Helper()
	for range 1000 {
		from := first + rand.IntN(last-first-n)
		if claim(t, from, n) {
			return from
		}
	}
	t.Fatalf("no %d free ports in a row from %d to %d", n, first, last)
	return 0
}

// claim keeps the UDP ports of the same numbers open: they tell other callers, also those in
// other processes, that the TCP ports are taken, and go with the process if it dies.
func claim(t testing.TB, from, n int) bool {
	var claims []net.PacketConn
	giveUp := func() {
		for _, c := range claims {
			c.Close()
		}
	}
	for port := from; port < from+n; port++ {
		c, err := net.ListenPacket("udp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			giveUp()
			return false
		}
		claims = append(claims, c)
		l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err != nil {
			giveUp()
			return false
		}
		l.Close()
	}
	t.Cleanup(giveUp)
	return true
}
