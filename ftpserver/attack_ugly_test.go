package ftpserver_test

import (
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/ftptest"
)

// uglyEnds are the ways in which clients go away.
var uglyEnds = []struct {
	name   string
	secure bool // begins on the server that demands TLS
	hasty  bool // on the server with a short limit for logins
	run    func(c *rawClient)
}{
	{"QUIT", true, false, func(c *rawClient) {
		c.login()
		c.do("QUIT", "221")
	}},
	{"QUIT with an unused port", false, false, func(c *rawClient) {
		c.loginClear()
		c.epsv()
		c.do("QUIT", "221")
	}},
	{"RST with an unused port", false, false, func(c *rawClient) {
		c.loginClear()
		c.epsv()
		c.dialData(c.epsv())
		c.reset()
	}},
	{"RST after login", true, false, func(c *rawClient) { c.login().reset() }},
	{"RST at once", true, false, func(c *rawClient) { c.reset() }},
	{"silence", true, true, func(c *rawClient) {
		c.expect("220")
		c.expect("421")
	}},
	{"silence behind USER", false, true, func(c *rawClient) {
		c.expect("220")
		c.do("USER x", "331")
		c.expect("421")
	}},
	{"RST behind AUTH", true, false, func(c *rawClient) {
		c.expect("220")
		c.do("AUTH TLS", "234")
		c.reset()
	}},
	{"FIN in the handshake", true, false, func(c *rawClient) {
		c.expect("220")
		c.do("AUTH TLS", "234")
		c.write("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
		c.tcp.Close()
	}},
	{"half a command", false, false, func(c *rawClient) {
		c.loginClear()
		c.write("RETR b")
		c.tcp.Close()
	}},
	{"QUIT and away during RETR", false, false, func(c *rawClient) {
		c.loginClear()
		addr := c.epsv()
		c.do("RETR big", "150")
		data := c.dialData(addr)
		io.ReadFull(data, make([]byte, 1000))
		c.write("QUIT\r\n")
		c.tcp.Close()
		data.Close()
	}},
	{"RST of control during RETR", true, false, func(c *rawClient) {
		c.login()
		addr := c.epsv()
		c.do("RETR big", "150")
		s, _ := c.secureData(addr)
		io.ReadFull(s, make([]byte, 1000))
		c.reset()
		io.Copy(io.Discard, s)
	}},
	{"RST of data during STOR", false, false, func(c *rawClient) {
		c.loginClear()
		addr := c.epsv()
		c.do("STOR new", "150")
		data := c.dialData(addr)
		io.WriteString(data, "part")
		data.SetLinger(0)
		data.Close()
		c.expect("426")
		c.tcp.Close()
	}},
	{"FIN of control during STOR", true, false, func(c *rawClient) {
		c.login()
		addr := c.epsv()
		c.do("STOR new", "150")
		s, _ := c.secureData(addr)
		io.WriteString(s, "part")
		c.tcp.Close()
		io.Copy(io.Discard, s)
	}},
	{"FIN between 150 and the connection", false, false, func(c *rawClient) {
		c.loginClear()
		c.epsv()
		c.do("STOR new", "150")
		c.tcp.Close()
	}},
	{"RST in the handshake of data", true, false, func(c *rawClient) {
		c.login()
		addr := c.epsv()
		c.do("LIST", "150")
		data := c.dialData(addr)
		io.WriteString(data, "\x16\x03\x01\x02\x00\x01")
		data.SetLinger(0)
		data.Close()
		c.expect("522")
		c.reset()
	}},
}

// Sessions that end in every ugly way leave nothing behind: goroutines,
// descriptors and listeners come back to the level before. Not in parallel with
// other tests, as it counts what the whole process has.
//
func TestThousandUglySessions(t *testing.T) {
	sessions, workers := 1000, 16
	if testing.Short() {
		sessions = 100
	}
	configure := func(s *ftpserver.Server) {
		s.Limits.Linger = 50 * time.Millisecond
		s.Limits.Connect = 30 * time.Second // more than the test needs: ports must not be given back by it
	}
	tree := map[string]string{"/big": strings.Repeat("x", 8<<20)}
	secure := serveTree(t, tree, configure)
	plain := serveTree(t, tree, func(s *ftpserver.Server) {
		configure(s)
		inClear(s)
	})
	hasty := serveTree(t, tree, func(s *ftpserver.Server) {
		configure(s)
		inClear(s)
		s.Limits.Login = 200 * time.Millisecond
	})
	serverFor := func(i int) *ftptest.Server {
		switch end := uglyEnds[i%len(uglyEnds)]; {
		case end.hasty:
			return hasty
		case end.secure:
			return secure
		}
		return plain
	}
	// Once before counting, for what the runtime keeps from the first use on.
	for i, end := range uglyEnds {
		c := connect(t, serverFor(i))
		end.run(c)
		c.away()
	}
	goroutines, descriptors := settled()

	jobs := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range jobs {
				done := make(chan struct{})
				go func() { // of its own, so that a failure ends only this session
					defer close(done)
					c := connect(t, serverFor(i)).inGoroutine()
					defer c.away()
					uglyEnds[i%len(uglyEnds)].run(c)
				}()
				<-done
			}
		})
	}
	for i := range sessions {
		jobs <- i
	}
	close(jobs)
	all.Wait()
	waitForLevel(t, goroutines, descriptors)
	for _, srv := range []*ftptest.Server{secure, plain, hasty} {
		wantNoFile(t, srv.FS, "new")
	}
}

// level counts goroutines, and descriptors where the system lists them.
func level() (goroutines, descriptors int) {
	fds, _ := os.ReadDir("/proc/self/fd")
	return runtime.NumGoroutine(), len(fds)
}

// settled gives the level once it has stopped falling. If it takes it too early,
// that only makes the level higher than it need be.
func settled() (goroutines, descriptors int) {
	goroutines, descriptors = level()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for same := 0; same < 20; same++ {
		<-poll.C
		g, d := level()
		if g < goroutines || d < descriptors {
			same = 0
		}
		goroutines, descriptors = min(g, goroutines), min(d, descriptors)
	}
	return goroutines, descriptors
}

// waitForLevel waits until no more is there than was before.
func waitForLevel(t *testing.T, goroutines, descriptors int) {
	t.Helper()
	runtime.GC() // the client's own forgotten connections
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	var g, d int
	for hang := time.Now().Add(hangLimit); time.Now().Before(hang); <-poll.C {
		if g, d = level(); g <= goroutines && d <= descriptors {
			return
		}
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	t.Errorf("%d goroutines, before %d; %d descriptors, before %d\n%s", g, goroutines, d, descriptors, stacks)
}
