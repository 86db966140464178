package cli

import (
	"context"
	"math"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"github.com/sealane/sealane/ftpclient"
)

// slowest is the lowest rate that can be asked for, in bytes a second: below it a
// record of TLS would take longer than servers wait.
const slowest = 4000

// limit has all connections together keep to --limit-rate.
func (f *clientFlags) limit(ctx context.Context, opt *ftpclient.Options) error {
	if f.limitRate == "" {
		return nil
	}
	perSecond, err := parseRate(f.limitRate)
	if err != nil {
		return err
	}
	// A tenth of a second may be moved at once.
	limiter := rate.NewLimiter(rate.Limit(perSecond), max(int(perSecond/10), slowest/10))
	dial := (&net.Dialer{Timeout: f.timeout}).DialContext
	opt.DialContext = func(dctx context.Context, network, address string) (net.Conn, error) {
		raw, err := dial(dctx, network, address)
		if tcp, ok := raw.(*net.TCPConn); ok && err == nil {
			return &slowConn{Conn: tcp, tcp: tcp, ctx: ctx, limiter: limiter}, nil
		}
		return raw, err
	}
	return nil
}

// parseRate reads "500000", "500k", "2M" or "1G", of 1000 each.
func parseRate(s string) (int64, error) {
	number, factor := s, 1.0
	if i := len(s) - 1; i > 0 {
		if unit := strings.IndexByte("kmg", s[i]|0x20); unit >= 0 {
			number, factor = s[:i], math.Pow(1000, float64(unit+1))
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if n *= factor; err != nil || !(n >= slowest && n <= 1e12) {
		return 0, withHint(usagef("--limit-rate %q is no rate", s), "give bytes a second, at least %d: 500k, 2.5M, 1G", slowest)
	}
	return int64(n), nil
}

// slowConn pays for what it has moved before it returns, so that no deadline runs
// while it waits.
type slowConn struct {
	net.Conn // not a *net.TCPConn: what copies in the kernel would pay nothing
	tcp      *net.TCPConn
	ctx      context.Context
	limiter  *rate.Limiter
}

// What a client looks for in a connection.

func (c *slowConn) SetLinger(sec int) error               { return c.tcp.SetLinger(sec) }
func (c *slowConn) CloseWrite() error                     { return c.tcp.CloseWrite() }
func (c *slowConn) SyscallConn() (syscall.RawConn, error) { return c.tcp.SyscallConn() }

func (c *slowConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), max(c.limiter.Burst(), 512))])
	return n, c.pay(n, err)
}

func (c *slowConn) Write(p []byte) (n int, err error) {
	n, err = c.Conn.Write(p)
	return n, c.pay(n, err)
}

// pay waits until n bytes may have been moved.
func (c *slowConn) pay(n int, err error) error {
	for n > 0 {
		part := min(n, c.limiter.Burst())
		r := c.limiter.ReserveN(time.Now(), part)
		t := time.NewTimer(r.Delay())
		select {
		case <-t.C:
		case <-c.ctx.Done():
			t.Stop()
			return err // whoever waits for ctx ends the connection
		}
		n -= part
	}
	return err
}
