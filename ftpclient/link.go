package ftpclient

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/dataconn"
)

// lowestDataPort is the first port that is not privileged. A server that sends a
// client to a lower one wants it to talk to another service.
const lowestDataPort = 1024

// passive asks the server for a data port: EPSV (RFC 2428 §3), or PASV if the
// server does not know that. One that is there already is taken first.
func (c *Client) passive() (uint16, error) {
	if port := c.takeReady(); port != 0 {
		return port, nil
	}
	if !c.noEPSV {
		r, err := c.exchange("EPSV")
		if err == nil {
			r, err = c.final(r)
		}
		if err != nil {
			return 0, err
		}
		switch {
		case r.Code == ftp.Code229ExtendedPassive:
			return passivePort(dataconn.ParseEPSV(r.Text()))
		case r.Code.Class() != ftp.Permanent:
			return 0, &ftp.Error{Command: "EPSV", Reply: r}
		}
		c.noEPSV = true
	}
	r, err := c.expect(ftp.Completion, "PASV")
	if err != nil {
		return 0, err
	}
	// The address in the reply is of no interest, not even to compare: behind a
	// NAT it is wrong, and from a hostile server it is a trap (CVE-2020-8284).
	address, err := dataconn.ParsePASV(r.Text())
	return passivePort(address.Port(), err)
}

func passivePort(port uint16, err error) (uint16, error) {
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if port < lowestDataPort {
		return 0, fmt.Errorf("%w: it named data port %d, which is privileged", ErrProtocol, port)
	}
	return port, nil
}

// prepare makes the data connection, or in active mode waits for it from now on.
func (t *transfer) prepare(ctx context.Context) error {
	if t.c.opt.Active {
		return t.listen(ctx)
	}
	port, err := t.c.passive()
	if err == nil {
		t.raw, err = t.c.opt.dial(ctx, net.JoinHostPort(t.c.peer, strconv.Itoa(int(port))))
	}
	return err
}

// take makes raw the data connection, unless it is no longer wanted.
func (t *transfer) take(raw net.Conn) {
	t.linkMu.Lock()
	defer t.linkMu.Unlock()
	t.raw = raw
	if t.gone {
		reset(raw)
	}
}

// drop resets the data connection, which may still be awaited.
func (t *transfer) drop() {
	t.linkMu.Lock()
	defer t.linkMu.Unlock()
	t.gone = true
	if t.ln != nil {
		_ = t.ln.Close()
	}
	if t.raw != nil {
		reset(t.raw)
	}
}

// cut ends the data connection so that the peer cannot take it for the end of a
// file.
func (t *transfer) cut() {
	if t.data != nil {
		t.data.Abort()
	}
	t.drop()
}

// reset closes a TCP connection with RST. A FIN would do for the end of a file
// in clear, and for servers that do not look for close_notify.
func reset(raw net.Conn) {
	if tcp, ok := raw.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
}
