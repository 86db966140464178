package cli

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// What is moved is paid for in time, both ways, and the end of the command ends the wait.
func TestSlowConn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		near, far := net.Pipe()
		c := &slowConn{Conn: near, ctx: ctx, limiter: rate.NewLimiter(1000, 100)}
		go func() {
			_, _ = io.CopyN(io.Discard, far, 5000)
			_, _ = far.Write(make([]byte, 1000))
			_, _ = io.Copy(io.Discard, far)
		}()
		start := time.Now()
		if n, err := c.Write(make([]byte, 5000)); n != 5000 || err != nil {
			t.Fatal(n, err)
		}
		if took := time.Since(start); took < 4900*time.Millisecond || took > 5*time.Second {
			t.Errorf("5000 bytes took %v", took)
		}
		start = time.Now()
		if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 900*time.Millisecond || took > 1100*time.Millisecond {
			t.Errorf("1000 bytes took %v", took)
		}
		time.AfterFunc(time.Second, cancel)
		start = time.Now()
		if _, err := c.Write(make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 1100*time.Millisecond {
			t.Errorf("the wait went on for %v", took)
		}
		_, _ = near.Close(), far.Close()
	})
}
