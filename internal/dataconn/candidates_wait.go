package dataconn

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// wait is Offer.Wait.
func (c *candidates) wait(ctx context.Context) (*Conn, error) {
	c.mu.Lock()
	if c.waiting {
		c.mu.Unlock()
		return nil, errors.New("dataconn: Wait called twice")
	}
	c.waiting = true
	for _, one := range c.open {
		one.startLimit()
	}
	c.mu.Unlock()
	defer c.close()

	for {
		conn, done, err := c.outcome()
		if done {
			return conn, err
		}
		select {
		case <-c.changed:
		case <-ctx.Done():
			// A handshake that completed in the same moment counts.
			conn, done, err := c.outcome()
			switch {
			case done:
				return conn, err
			case err != nil:
				return nil, fmt.Errorf("waiting for the data connection: %w: %w", ctx.Err(), err)
			}
			return nil, fmt.Errorf("waiting for the data connection: %w", ctx.Err())
		}
	}
}

// outcome says whether wait is over, and how; err is set also while it is not,
// if a candidate has failed.
func (c *candidates) outcome() (conn *Conn, done bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bound != nil {
		conn, c.bound = c.bound, nil
		return conn, true, nil
	}
	if c.closed {
		return nil, true, fmt.Errorf("dataconn: the offer was given up: %w", net.ErrClosed)
	}
	if err = c.failure; err != nil && !errors.Is(err, ErrHandshake) {
		err = fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return nil, err != nil && len(c.open) == 0 && !c.over, err
}

// close refuses everything that has not been given out by wait. It does not
// wait for the handshakes that run; running.Wait does.
func (c *candidates) close() {
	c.mu.Lock()
	unclaimed, wasOver := c.bound, c.over
	c.bound, c.closed = nil, true
	var rivals []*candidate
	if !wasOver {
		rivals = c.finish()
	}
	c.mu.Unlock()
	if !wasOver {
		c.refuse(rivals)
	}
	if unclaimed != nil {
		unclaimed.Abort()
	}
	c.wake()
}

// unclaimed reports whether a bound connection has not been given out yet.
func (c *candidates) unclaimed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bound != nil
}
