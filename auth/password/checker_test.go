package password

import (
	"context"
	"errors"
	"testing"

	"github.com/sealane/sealane/auth"
)

// TestCheckerUnusableHash is S-22: what cannot be verified costs what a new hash
// costs, and no password is right.
func TestCheckerUnusableHash(t *testing.T) {
	c := NewChecker()
	var cost []Params
	c.hash = func(v verifier, _ string) bool {
		cost = append(cost, v.(encoded).Params)
		return true // were it ever so right
	}
	for _, hash := range []string{"", "secret", "$6$x", "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"} {
		if ok, err := c.Verify(t.Context(), hash, "secret"); ok || !errors.Is(err, ErrHash) {
			t.Errorf("%q: %v, %v", hash, ok, err)
		}
	}
	if len(cost) != 4 || cost[0] != DefaultParams() || cost[3] != DefaultParams() {
		t.Errorf("costs: %v", cost)
	}
}

func TestChecker(t *testing.T) {
	c := NewChecker(WithConcurrency(1))
	hash, err := c.Hash(t.Context(), "secret")
	if err != nil || c.NeedsRehash(hash) {
		t.Fatal(hash, err)
	}
	for shown, want := range map[string]bool{"secret": true, "Secret": false} {
		if ok, err := c.Verify(t.Context(), hash, shown); ok != want || err != nil {
			t.Errorf("%s: %v, %v", shown, ok, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Verify(gone, hash, "secret"); !errors.Is(err, auth.ErrBusy) {
		t.Errorf("Verify for a peer that has left: %v", err)
	}
	if h, err := c.Hash(gone, "secret"); h != "" || !errors.Is(err, auth.ErrBusy) {
		t.Errorf("Hash for a peer that has left: %v", err)
	}
}

// S-26: whoever gives the turns decides: each hash asks for one, and tells how it went;
// one that gets none costs no hash.
func TestTurnsOption(t *testing.T) {
	type asked struct{}
	ctx := context.WithValue(t.Context(), asked{}, "by the login")
	hashes, turns := 0, []bool(nil)
	var refuse error
	c := NewChecker(WithTurns(func(ctx context.Context) (func(bool), error) {
		if ctx.Value(asked{}) == nil {
			t.Error("the context is not that of the login")
		}
		if refuse != nil {
			return nil, refuse
		}
		return func(right bool) { turns = append(turns, right) }, nil
	}))
	hash, err := c.Hash(ctx, "secret")
	if err != nil {
		t.Fatal(err)
	}
	c.hash = func(v verifier, password string) bool {
		hashes++
		return v.verify(password)
	}
	for shown, want := range map[string]bool{"secret": true, "Secret": false} {
		turns = nil
		if ok, err := c.Verify(ctx, hash, shown); ok != want || err != nil || len(turns) != 1 || turns[0] != want {
			t.Errorf("%s: %v, %v, told %v", shown, ok, err, turns)
		}
	}
	for _, refuse = range []error{auth.ErrBusy, auth.ErrDenied} {
		if ok, err := c.Verify(ctx, hash, "secret"); ok || err != refuse {
			t.Errorf("without a turn: %v, %v", ok, err)
		}
		if _, err := c.Hash(ctx, "secret"); err != refuse {
			t.Errorf("Hash without a turn: %v", err)
		}
	}
	if hashes != 2 {
		t.Errorf("%d hashes, want 2", hashes)
	}
}
