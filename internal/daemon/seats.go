package daemon

import (
	"fmt"
	"sync"

	"github.com/sealane/sealane/auth"
)

// seats counts the sessions of each account that has a limit of its own (S-27).
type seats struct {
	mu    sync.Mutex
	taken map[string]int
}

// take gives the grant with a seat, which it holds until it is released, if the account
// has one left. A limit of 0 is none.
func (s *seats) take(grant *auth.Grant, limit int) (*auth.Grant, error) {
	if limit == 0 {
		return grant, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	account := grant.Account
	if s.taken[account] >= limit {
		return nil, fmt.Errorf("%w: the account has as many sessions as it may, %d", auth.ErrBusy, limit)
	}
	if s.taken == nil {
		s.taken = map[string]int{}
	}
	s.taken[account]++
	own := *grant
	own.Release = sync.OnceFunc(func() { s.leave(account) })
	return &own, nil
}

func (s *seats) leave(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[account]--; s.taken[account] == 0 {
		delete(s.taken, account)
	}
}
