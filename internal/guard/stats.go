package guard

// Stats counts what a Guard has done since it was opened, and what it holds now.
type Stats struct {
	Failures uint64 // failed logins
	Banned   uint64 // networks, each time anew

	RefusedDenied     uint64 // connections, by Policy.Deny
	RefusedBanned     uint64
	RefusedHandshakes uint64 // by both limits of handshakes

	LoginsBarred  uint64 // of addresses banned meanwhile
	LoginsDelayed uint64
	LoginsHeld    uint64 // denied unseen, since the delay would have been too long

	Hashes        uint64 // that were let run
	HashesRefused uint64 // since too many waited

	Handshakes    int // connections that have not logged in, now
	HashesRunning int
	HashesWaiting int
	HashesMost    int // that waited at a time

	Bans      int // remembered, in force or not
	Addresses int // in the tables of failures
	Networks  int
	Names     int
	Trusted   int // addresses
	Evicted   int // from all tables, for want of room
}

// Stats gives the counts.
func (g *Guard) Stats() Stats {
	g.mu.Lock()
	s := g.counts
	s.Handshakes = g.opened
	s.Bans, s.Trusted = len(g.bans.of), len(g.trusted.addresses)
	s.Addresses, s.Networks, s.Names = len(g.addresses.of), len(g.networks.of), len(g.names.of)
	s.Evicted = g.addresses.evicted + g.networks.evicted + g.names.evicted + g.bans.evicted + g.trusted.evicted
	g.mu.Unlock()
	t := g.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	s.HashesRefused, s.HashesMost = t.refused, t.most
	s.HashesRunning, s.HashesWaiting = t.running, t.rings[0].waiting+t.rings[1].waiting
	return s
}
