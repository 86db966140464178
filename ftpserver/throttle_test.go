package ftpserver_test

import (
	"crypto/tls"
	"io"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/memfs"
)

// ABOR ends a transfer at once also where a storage holds it up, here by a
// rate at which it would take days.
func TestAbortOfThrottledTransfer(t *testing.T) {
	t.Parallel()
	slow := layer.Rates{Read: []*layer.Limiter{layer.NewLimiter(1)}, Write: []*layer.Limiter{layer.NewLimiter(1)}}
	tree := layer.Throttle(memfs.From(map[string]string{"big": strings.Repeat("x", 1<<20)}), slow)
	srv := ftptest.NewServerFS(tree, nil)
	t.Cleanup(srv.Close)
	for _, command := range []string{"RETR big", "STOR new"} {
		c := connect(t, srv).login()
		addr := c.epsv()
		c.do(command, "150")
		s, _ := c.secureData(addr)
		go flood(s)
		c.write("ABOR\r\n")
		c.expect("426")
		c.expect("226")
		s.Close()
	}
}

// flood sends as much as is taken.
func flood(s *tls.Conn) {
	b := make([]byte, 64<<10)
	for {
		if _, err := s.Write(b); err != nil {
			io.Copy(io.Discard, s)
			return
		}
	}
}
