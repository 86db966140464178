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
