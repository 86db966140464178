package daemon

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sealane/sealane/auth"
)

// S-27, V-35, V-41: the limit of an account is exact, also in a race of logins and ends, and
// nothing is counted when all have gone.
func TestSeats(t *testing.T) {
	const limit, rounds, clients = 5, 200, 32
	var s seats
	var now, most atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range rounds {
				grant, err := s.take(&auth.Grant{Account: "anna"}, limit)
				if err != nil {
					if !errors.Is(err, auth.ErrBusy) {
						t.Error(err)
					}
					continue
				}
				n := now.Add(1)
				for {
					m := most.Load()
					if n <= m || most.CompareAndSwap(m, n) {
						break
					}
				}
				now.Add(-1)
				grant.Release()
				grant.Release() // the second one counts nothing
			}
		})
	}
	all.Wait()
	if most.Load() > limit {
		t.Errorf("%d sessions at once, the limit is %d", most.Load(), limit)
	}
	if len(s.taken) != 0 {
		t.Errorf("left behind: %v", s.taken)
	}
	first, err := s.take(&auth.Grant{Account: "bob"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.take(&auth.Grant{Account: "bob"}, 1); !errors.Is(err, auth.ErrBusy) {
		t.Errorf("a second session: %v", err)
	}
	if _, err := s.take(&auth.Grant{Account: "anna"}, 1); err != nil {
		t.Errorf("another account: %v", err)
	}
	first.Release()
	if _, err := s.take(&auth.Grant{Account: "bob"}, 1); err != nil {
		t.Errorf("after the first has gone: %v", err)
	}
}
