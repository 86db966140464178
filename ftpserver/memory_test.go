package ftpserver_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
)

// What one session that is logged in under TLS and waits for a command may take in
// the server. On Linux it takes 10 KiB of heap and 4 to 5 KiB of stacks.
const (
	idleSessionBytes      = 24 << 10
	idleSessionGoroutines = 1
)

// F-14: the memory of an idle session is bounded, also after it has moved files,
// heard a long command and given a long answer.
func TestF14MemoryOfIdleSessions(t *testing.T) {
	const sessions = 100
	srv := serveTree(t, map[string]string{"a": "content"}, nil)
	idleSession(t, srv) // what is made once does not count
	bytes, goroutines := inUse(0)
	for range sessions {
		idleSession(t, srv)
	}
	moreBytes, moreGoroutines := inUse(goroutines + sessions*idleSessionGoroutines)
	each := (moreBytes - bytes) / sessions
	t.Logf("%d bytes and %.2f goroutines for each session", each, float64(moreGoroutines-goroutines)/sessions)
	if each > idleSessionBytes {
		t.Errorf("an idle session takes %d bytes, more than %d", each, idleSessionBytes)
	}
	if most := goroutines + sessions*idleSessionGoroutines; moreGoroutines > most {
		t.Errorf("there are %d goroutines, more than %d", moreGoroutines, most)
	}
}

// idleSession leaves a session idle. The client forgets its TLS, and keeps hardly
// more than the socket, so that nearly all that is counted is the server's.
func idleSession(t *testing.T, srv *ftptest.Server) {
	t.Helper()
	c := connect(t, srv).login()
	c.do("STAT", "211")
	if content, _ := c.retr("a"); content != "content" {
		t.Fatalf("RETR gave %q", content)
	}
	c.write("SIZE ")
	for range 10 { // records, as crypto/tls keeps a buffer for the largest
		c.write(strings.Repeat("/x", 200))
	}
	c.do("", "550")
	c.do("NOOP", "200")
	for _, conn := range c.data {
		conn.Close()
	}
	c.conn, c.r, c.tls, c.data = nil, nil, nil, nil
}

// inUse gives the live heap and the stacks in bytes, and the goroutines. A collection
// halves a stack that is too large, and goroutines that are about to end may take a
// while; so it collects until there are no more goroutines than expected, but at
// least and at most some times.
func inUse(expected int) (bytes int64, goroutines int) {
	const least, most = 8, 100
	for i := range most {
		runtime.GC()
		goroutines = runtime.NumGoroutine()
		if i >= least && goroutines <= expected {
			break
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse), goroutines
}
