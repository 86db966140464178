package dataconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

// wait is Offer.Wait.
func (c *candidates) wait(ctx context.Context) (*Conn, error) {
	c.mu.Lock()
	if c.waiting {
		c.mu.Unlock()
		return nil, errors.New("dataconn: Wait called twice")
	}
	c.waiting = true
	c.life.stop()
	for _, one := range c.open {
		if one.held == nil && !one.declined {
			one.startLimit()
		}
	}
	c.mu.Unlock()
	defer c.close(true)

	var others <-chan time.Time // the time of others after one without proof
	late := false
	for {
		conn, done, err := c.outcome(late)
		if done {
			return conn, err
		}
		if others == nil && errors.Is(err, ErrUnproven) {
			timer := time.NewTimer(declineLimit)
			defer timer.Stop()
			others = timer.C
		}
		select {
		case <-c.changed:
		case <-others:
			late = true
		case <-ctx.Done():
			// A handshake that completed in the same moment counts.
			conn, done, err := c.outcome(late)
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
// if a candidate has failed. late says that the time for others is up, after one
// came without the proof that is required.
func (c *candidates) outcome(late bool) (conn *Conn, done bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.bound != nil:
		conn, c.bound = c.bound, nil
		return conn, true, nil
	case c.verdict != nil:
		return nil, true, c.verdict
	case c.closed:
		return nil, true, fmt.Errorf("dataconn: the offer was given up: %w", net.ErrClosed)
	case c.failure == nil:
		return nil, false, nil
	case errors.Is(c.failure, ErrUnproven):
		// One without proof leaves the offer to others for a while: it may have been
		// a thief's. But its client has to hear at last what is wrong.
		return nil, late && !c.trying(), c.failure
	}
	if err = c.failure; !errors.Is(err, ErrHandshake) {
		err = fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return nil, !c.terms.patient && len(c.open) == 0 && !c.over, err
}

// trying reports whether a candidate is still in its handshake; the lock is held.
func (c *candidates) trying() bool {
	return slices.ContainsFunc(c.open, func(one *candidate) bool { return !one.declined })
}

// close refuses everything that has not been given out by wait. It does not
// wait for the handshakes that run; running.Wait does. lapse says that the client
// has not been told to stay away: unless one has been bound it may yet connect,
// and those that failed or were refused may have been strays. Without it also
// those are cut that are being told to go.
func (c *candidates) close(lapse bool) {
	if !lapse {
		defer c.cutDeclined()
	}
	c.mu.Lock()
	unclaimed, wasOver := c.bound, c.over
	c.bound, c.closed = nil, true
	c.life.stop()
	var rivals []*candidate
	if !wasOver {
		rivals = c.finish()
	}
	c.mu.Unlock()
	if !wasOver {
		c.refuse(rivals, lapse)
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
