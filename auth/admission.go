package auth

import (
	"errors"
	"net/netip"
	"slices"
	"time"
)

// Why an account may not log in, whatever it shows. They are for the log: peers hear the same
// as of a wrong password.
var (
	errDisabled = errors.New("the account is disabled")
	errExpired  = errors.New("the account has expired")
	errNetwork  = errors.New("not from this network")
)

// Admission says when and from where an account may log in. The zero value is always and
// from everywhere.
type Admission struct {
	Disabled bool
	Expires  time.Time      // from when on it may not; zero: never
	Networks []netip.Prefix // nil: all; empty: none
}

// Check says why a login at a time from an address may not be, or nil.
func (a Admission) Check(now time.Time, from netip.Addr) error {
	from = from.Unmap().WithZone("")
	switch {
	case a.Disabled:
		return errDisabled
	case !a.Expires.IsZero() && !now.Before(a.Expires):
		return errExpired
	case a.Networks != nil && !slices.ContainsFunc(a.Networks, func(p netip.Prefix) bool { return p.Contains(from) }):
		return errNetwork
	}
	return nil
}
