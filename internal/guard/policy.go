package guard

import (
	"net/netip"
	"time"
)

// Policy says how much is too much. All numbers and durations are above zero, but
// for Hashes.
type Policy struct {
	Failures        int           // of one address within Window, until it is banned
	NetworkFailures int           // of the network around it
	Window          time.Duration // how long a failed login counts
	DelayMax        time.Duration // the longest time between two tries
	Ban             time.Duration // the first time; each further ban is twice as long
	BanMax          time.Duration // and at most so long
	Trust           time.Duration // how long a login makes its address trusted

	Allow []netip.Prefix // never banned, delayed or refused
	Deny  []netip.Prefix // never let in; Allow goes over it

	Handshakes           int // connections that have not logged in, of all addresses
	HandshakesPerAddress int
	Hashes               int // password hashes at a time; 0: half of the processors
	HashesWaiting        int // logins that wait for one
}

// DefaultPolicy suits a server in the Internet.
func DefaultPolicy() Policy {
	return Policy{
		Failures: 10, NetworkFailures: 50, Window: 10 * time.Minute, DelayMax: 5 * time.Second,
		Ban: 10 * time.Minute, BanMax: 24 * time.Hour, Trust: 30 * 24 * time.Hour,
		Handshakes: 1000, HandshakesPerAddress: 200, HashesWaiting: 1024,
	}
}

const (
	// firstDelay is between the tries when the first of them has been one too many;
	// each further failure doubles it.
	firstDelay = 250 * time.Millisecond
	// How many failures are free of delay. Names have one more than addresses, since
	// several people may mistype the same one.
	freeOfAddress = 2
	freeOfName    = 3
)

// delay is how long the tries must be apart after so many failures, of which some
// are free.
func (p Policy) delay(failures, free int) time.Duration {
	if failures <= free {
		return 0
	}
	return min(firstDelay<<min(failures-free-1, 20), p.DelayMax)
}

// patience is how long a try may have to wait for those before it.
func (p Policy) patience() time.Duration { return 2 * p.DelayMax }
