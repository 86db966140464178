package ftpserver_test

import (
	"testing"

	"github.com/sealane/sealane/ftpserver"
)

// halfOpenBytes bounds what a connection that has begun and goes no further may take in
// the server.
const halfOpenBytes = 64 << 10

// S-05: the memory of a half-open connection is bounded, wherever it stops: behind the
// greeting, behind AUTH, in the middle of a ClientHello, or of one that says it is as large
// as a record can be.
func TestS05MemoryOfHalfOpen(t *testing.T) {
	const many = 100
	srv := serveTree(t, nil, func(s *ftpserver.Server) { s.Limits.SessionsPerAddress = 10 * many })
	hello := clientHello(t, srv)
	for _, stop := range []struct {
		name string
		auth bool
		sent string
	}{
		{"greeting", false, ""},
		{"half a command", false, "USER a"},
		{"AUTH", true, ""},
		{"half a hello", true, hello[:len(hello)/2]},
		{"half a large record", true, "\x16\x03\x01\x40\x00\x01\x00\x3f\xfc" + string(make([]byte, 8<<10))},
	} {
		t.Run(stop.name, func(t *testing.T) {
			open := func() {
				c := connect(t, srv)
				c.expect("220")
				if stop.auth {
					c.do("AUTH TLS", "234")
				}
				c.write(stop.sent)
				c.conn, c.r, c.tls, c.data = nil, nil, nil, nil // only the server's counts
			}
			open() // what is made once does not count
			before, goroutines := inUse(0)
			for range many {
				open()
			}
			after, _ := inUse(goroutines + many)
			each := (after - before) / many
			t.Logf("%d bytes each", each)
			if each > halfOpenBytes {
				t.Errorf("a half-open connection takes %d bytes, more than %d", each, halfOpenBytes)
			}
		})
	}
}
