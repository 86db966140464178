package testport_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/sealane/sealane/internal/testport"
)

// Callers at the same time get different ports, and each of them can be opened.
func TestRange(t *testing.T) {
	t.Parallel()
	const callers, n = 20, 8
	got := make(chan int)
	for range callers {
		go func() { got <- testport.Range(t, n) }()
	}
	taken := map[int]bool{}
	for range callers {
		from := <-got
		for port := from; port < from+n; port++ {
			if taken[port] {
				t.Errorf("port %d is given twice", port)
			}
			taken[port] = true
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
			if err != nil {
				t.Error(err)
				continue
			}
			l.Close()
		}
	}
}
