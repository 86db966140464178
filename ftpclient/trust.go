package ftpclient

import (
	"context"
	"crypto/tls"
	"errors"

	"github.com/sealane/sealane/ftp"
)

// Probe connects to the server of u as Dial does, but only up to TLS: no user
// name is sent. It returns what the server has shown. That is trusted as far as
// opt says; a person who is to judge a certificate can take time, with an
// opt.Verify that lets everything pass, and dial when the answer is there.
func Probe(ctx context.Context, u ftp.URL, opt Options) (tls.ConnectionState, error) {
	if opt.InsecurePlaintext {
		return tls.ConnectionState{}, errors.New("ftpclient: there is nothing to probe without TLS")
	}
	c, err := connect(ctx, u, opt, func(c *Client) error { return c.open(ctx, u) })
	if err != nil {
		return tls.ConnectionState{}, err
	}
	state := *c.TLS()
	_ = c.Quit(ctx) // what was asked is known
	return state, nil
}
