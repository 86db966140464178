package daemon

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/control"
)

// controlSocket is the socket in the state folder.
const controlSocket = "control.sock"

// ControlSocket gives where a server with these settings listens for its administrator;
// "" if it does not.
func ControlSocket(c config.Config) (string, error) {
	switch c.Control.Socket {
	case config.ControlOff:
		return "", nil
	case "":
		state, err := stateName(c)
		return filepath.Join(state, controlSocket), err
	}
	return c.Control.Socket, nil
}

// listenControl opens the socket.
func (d *daemon) listenControl() (err error) {
	name, err := ControlSocket(d.config)
	if err != nil || name == "" {
		return err
	}
	l, err := control.Listen(name)
	switch {
	case errors.Is(err, control.ErrInUse):
		return startError(err, "stop it first, or give this one another state folder with --state DIR", "another server runs with this state folder")
	case err != nil && d.config.Control.Socket == "": // the path is too long, or the folder has no sockets
		d.log.Warn("sealane ctl cannot reach this server", "err", err, "hint", "name a file as control.socket")
		return nil
	case err != nil:
		return startError(err, `name another file as control.socket, or "off"`, "cannot listen for the administrator")
	}
	d.control = l
	return nil
}

// controlled is the server as the socket sees it.
type controlled struct{ *running }

// Sessions implements control.House.
func (c controlled) Sessions() []control.Session {
	out := []control.Session{}
	for _, i := range c.now.Load().server.Sessions() {
		out = append(out, control.Session{
			ID: i.ID, Since: i.Since, Remote: i.Remote, Host: i.Host, Account: i.Account, Client: i.Client, TLS: i.TLS,
			Verb: i.Verb, Path: i.Path, Moved: i.Moved, Began: i.Began, Down: i.Down, Up: i.Up,
		})
	}
	return out
}

// Kick implements control.House.
func (c controlled) Kick(actor, id string) bool {
	d := c.now.Load()
	found := d.server.Kick(id)
	if found {
		d.log.Info("session ended by the administrator", "session", id, "actor", actor)
		d.trail.admin(actor, "kick", id, "", nil)
	}
	return found
}

// Stats implements control.House.
func (c controlled) Stats() control.Stats {
	d := c.now.Load()
	s := d.tally.stats()
	s.Started, s.Version, s.Draining = c.started, c.process.Version, c.draining.Load()
	for _, i := range d.server.Sessions() {
		s.Sessions++
		if i.Verb != "" {
			s.Transfers++
		}
	}
	p := d.server.DataPortCounts()
	s.DataPorts = control.DataPorts{
		Waits: p.Waits, Waited: p.Waited, LongestWait: p.LongestWait, Refused: p.Refused,
		Strangers: p.Strangers, Unproven: p.Unproven, Rivals: p.Rivals,
	}
	s.CertificatesRefused, s.Guard, s.Trail = d.ring.refused.Load(), guardStats(d.warden), d.trail.stats()
	return s
}

func guardStats(w warden) (out control.Guard) {
	if w.Guard == nil {
		return out
	}
	g := w.Guard.Stats()
	return control.Guard{
		Bans: len(w.Bans()), Banned: g.Banned, Failures: g.Failures, RefusedDenied: g.RefusedDenied, RefusedBanned: g.RefusedBanned,
		RefusedHandshakes: g.RefusedHandshakes, LoginsDelayed: g.LoginsDelayed, LoginsHeld: g.LoginsHeld, LoginsBarred: g.LoginsBarred,
		HashesRefused: g.HashesRefused, Evicted: g.Evicted,
	}
}

// Certificates implements control.House.
func (c controlled) Certificates() []control.Certificate {
	var out []control.Certificate
	for _, s := range c.now.Load().ring.slots {
		pair := s.pair.Load()
		one := control.Certificate{
			File: fromRoot(s.cert), Names: []string{}, Until: pair.Leaf.NotAfter,
			SHA256: certs.Fingerprint(pair.Leaf), Pin: certs.PinOf(pair.Leaf).String(), Staple: pair.Certificate.OCSPStaple != nil,
		}
		one.Names = append(one.Names, pair.Leaf.DNSNames...)
		for _, ip := range pair.Leaf.IPAddresses {
			one.Names = append(one.Names, ip.String())
		}
		out = append(out, one)
	}
	return out
}

// Bans implements control.House.
func (c controlled) Bans() []control.Ban {
	out := []control.Ban{}
	for _, b := range c.now.Load().warden.Bans() {
		out = append(out, control.Ban{Network: b.Network, Until: b.Until, Reason: b.Reason})
	}
	return out
}

// Ban implements control.House.
func (c controlled) Ban(actor string, b control.Ban) error {
	d := c.now.Load()
	err := d.warden.Ban(b.Network, time.Until(b.Until), b.Reason)
	detail := "until " + b.Until.UTC().Format(time.RFC3339)
	if b.Reason != "" {
		detail += ": " + b.Reason
	}
	d.trail.admin(actor, "ban", b.Network.String(), detail, err)
	return err
}

// Unban implements control.House.
func (c controlled) Unban(actor string, network netip.Prefix) bool {
	d := c.now.Load()
	was := d.warden.Unban(network)
	if was {
		d.trail.admin(actor, "unban", network.String(), "", nil)
	}
	return was
}

// reloadRequest is an administrator who waits for what comes of a reload.
type reloadRequest struct {
	actor string
	done  chan error
}

// Reload implements control.House.
func (c controlled) Reload(ctx context.Context, actor string) error {
	own := reloadRequest{actor, make(chan error, 1)}
	select {
	case c.reloads <- own:
		return <-own.done
	case <-ctx.Done():
		return ctx.Err()
	case <-c.background.Done():
		return errStopping
	}
}

// Record implements control.House.
func (c controlled) Record(actor string, did []control.Done) bool {
	r := c.now.Load().trail
	for _, d := range did {
		r.admin(actor, d.Action, d.Object, d.Detail, nil)
	}
	return r.now.Load() != nil
}

var errStopping = errors.New("the server is stopping")

// Drain implements control.House.
func (c controlled) Drain(actor string, limit time.Duration) {
	detail := ""
	if limit > 0 {
		detail = "for " + limit.String() + " at most"
	}
	c.now.Load().trail.admin(actor, "drain", "", detail, nil)
	select {
	case c.drains <- limit:
	case <-c.background.Done():
	}
}

// serveControl answers the administrator at the socket of d until that is closed, or
// everything ends.
func (r *running) serveControl(d *daemon) {
	l := d.control
	if l == nil {
		return
	}
	r.retiring.Go(func() {
		if err := control.Serve(r.background, l, controlled{r}); err != nil {
			d.log.Error("the socket of the administrator has failed", "err", err)
		}
	})
}
