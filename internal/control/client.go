package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"
)

// maxAnswer bounds an answer, in bytes: some hundred thousand sessions.
const maxAnswer = 64 << 20

// Client speaks with the server whose socket is at a path.
type Client struct{ http http.Client }

// NewClient makes a Client; nothing is connected yet.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &Client{http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: patience}}
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Sessions lists the open sessions.
func (c *Client) Sessions(ctx context.Context) (s Sessions, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/sessions", nil, &s)
	return s, err
}

// Kick ends a session.
func (c *Client) Kick(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodPost, "/v1/sessions/"+url.PathEscape(id)+"/kick", nil, nil)
}

// Stats gives the counts.
func (c *Client) Stats(ctx context.Context) (s Stats, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/stats", nil, &s)
	return s, err
}

// Certificates lists what the server shows.
func (c *Client) Certificates(ctx context.Context) ([]Certificate, error) {
	var list Certificates
	err := c.do(ctx, http.MethodGet, "/v1/certs", nil, &list)
	return list.Certificates, err
}

// Bans lists what is banned.
func (c *Client) Bans(ctx context.Context) ([]Ban, error) {
	var list Bans
	err := c.do(ctx, http.MethodGet, "/v1/bans", nil, &list)
	return list.Bans, err
}

// Ban bans a network.
func (c *Client) Ban(ctx context.Context, b Ban) error {
	return c.do(ctx, http.MethodPost, "/v1/bans", b, nil)
}

// Unban lifts a ban.
func (c *Client) Unban(ctx context.Context, network netip.Prefix) error {
	return c.do(ctx, http.MethodDelete, "/v1/bans?network="+url.QueryEscape(network.String()), nil, nil)
}

// Reload reads the settings again.
func (c *Client) Reload(ctx context.Context) error {
	return c.do(ctx, http.MethodPost, "/v1/reload", nil, nil)
}

// Drain lets the server end when its sessions have, but after limit at the latest; 0 is no limit.
func (c *Client) Drain(ctx context.Context, limit time.Duration) error {
	return c.do(ctx, http.MethodPost, "/v1/drain", Drain{limit}, nil)
}

const (
	recordedAtOnce = 8    // fit into a request, with every byte escaped
	longestDetail  = 1000 // bytes; the rest is cut
)

// Record has the server write into its trail what was done to accounts, and reports whether
// it keeps one.
func (c *Client) Record(ctx context.Context, done []Done) (recorded bool, err error) {
	for part := range slices.Chunk(done, recordedAtOnce) {
		part = slices.Clone(part)
		for i := range part {
			part[i].Detail = part[i].Detail[:min(len(part[i].Detail), longestDetail)]
		}
		var r Recorded
		if err := c.do(ctx, http.MethodPost, "/v1/admin", Admin{part}, &r); err != nil {
			return false, err
		}
		recorded = r.Recorded
	}
	return recorded, nil
}

// do asks, and reads the answer into v unless that is nil. What the server refuses is a
// *Problem.
func (c *Client) do(ctx context.Context, method, path string, body, v any) error {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://sealane"+path, in)
	if err != nil {
		return err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the URL says nothing to people
		}
		return err
	}
	defer answer.Body.Close()
	d := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer))
	if answer.StatusCode != http.StatusOK {
		var p Problem
		if err := d.Decode(&p); err != nil || p.Message == "" {
			return fmt.Errorf("the server answered %s", answer.Status)
		}
		return &p
	}
	if v == nil {
		return nil
	}
	return d.Decode(v)
}
