package ftpclient

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sealane/sealane/ftp"
)

// maxFeatures bounds what is kept of a FEAT reply.
const maxFeatures = 200

// login logs in and brings the session into the state that all transfers need.
func (c *Client) login(u ftp.URL) error {
	if c.ctl.TLS() == nil && !c.opt.InsecurePlaintext {
		return fmt.Errorf("%w: the connection is not protected", ErrTLS)
	}
	if err := c.user(u); err != nil {
		return err
	}
	if err := c.protect(); err != nil {
		return err
	}
	return c.featuresAndType()
}

// sendHost tells which of the server's names is meant (RFC 7151 §3).
func (c *Client) sendHost() error {
	if !c.opt.SendHost {
		return nil
	}
	host, _, _ := strings.Cut(c.host, "%")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	_, err := c.expect(ftp.Completion, "HOST", host)
	if err != nil && unknownCommand(err) {
		return nil
	}
	return err
}

// user sends USER and, if asked, PASS (RFC 959 §4.1.1). 232 means that the TLS
// client certificate was enough (RFC 2228 §3).
func (c *Client) user(u ftp.URL) error {
	r, err := c.exchange("USER", u.User)
	if err == nil {
		r, err = c.final(r)
	}
	if err != nil {
		return err
	}
	verb := "USER"
	if r.Code == ftp.Code331NeedPassword {
		verb = "PASS"
		if r, err = c.exchange("PASS", u.Password); err == nil {
			r, err = c.final(r)
		}
		if err != nil {
			return err
		}
	}
	// 332 asks for an account, which URLs do not have.
	if r.Code.Class() != ftp.Completion {
		return &ftp.Error{Command: verb, Reply: r}
	}
	return nil
}

// protect demands TLS for the data connections (RFC 4217 §9). A refusal is
// final: files must not travel in clear because a server would rather.
func (c *Client) protect() error {
	if c.ctl.TLS() == nil {
		return nil
	}
	for _, cmd := range [][2]string{{"PBSZ", "0"}, {"PROT", "P"}} {
		_, err := c.expect(ftp.Completion, cmd[0], cmd[1])
		var refused *ftp.Error
		if errors.As(err, &refused) && refused.Reply.Code != ftp.Code421Closing {
			return fmt.Errorf("%w: the server does not protect data connections: %w", ErrTLS, refused)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// feat takes the reply to FEAT (RFC 2389 §3). A server without FEAT has no features.
func (c *Client) feat(r ftp.Reply, err error) error {
	if err == nil {
		r, err = c.final(r)
	}
	switch {
	case err != nil:
		return err
	case r.Code == ftp.Code421Closing:
		return &ftp.Error{Command: "FEAT", Reply: r}
	case r.Code.Class() != ftp.Completion:
		return nil
	}
	for i, line := range r.Lines {
		if i == 0 || i == len(r.Lines)-1 || len(c.features) == maxFeatures {
			continue
		}
		if f := ftp.ParseFeature(line); f.Name != "" {
			c.features = append(c.features, f)
		}
	}
	return nil
}

// Features returns what the server said to FEAT after login.
func (c *Client) Features() []ftp.Feature { return append([]ftp.Feature(nil), c.features...) }

// HasFeature reports whether the server named the feature (case-insensitively).
func (c *Client) HasFeature(name string) bool {
	for _, f := range c.features {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}
