package auth_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
)

func TestAdmission(t *testing.T) {
	now := time.Unix(1000, 0)
	home := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("fe80::/10")}
	for _, c := range []struct {
		name string
		a    auth.Admission
		from string
		ok   bool
	}{
		{"everything", auth.Admission{}, "203.0.113.1", true},
		{"disabled", auth.Admission{Disabled: true}, "203.0.113.1", false},
		{"not yet expired", auth.Admission{Expires: now.Add(1)}, "203.0.113.1", true},
		{"expired just now", auth.Admission{Expires: now}, "203.0.113.1", false},
		{"at home", auth.Admission{Networks: home}, "192.0.2.9", true},
		{"at home, mapped", auth.Admission{Networks: home}, "::ffff:192.0.2.9", true},
		{"at home, with a zone", auth.Admission{Networks: home}, "fe80::1%eth0", true},
		{"elsewhere", auth.Admission{Networks: home}, "192.0.3.9", false},
		{"nowhere", auth.Admission{Networks: []netip.Prefix{}}, "192.0.2.9", false},
	} {
		if err := c.a.Check(now, netip.MustParseAddr(c.from)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := (auth.Admission{Networks: home}).Check(now, netip.Addr{}); err == nil {
		t.Error("no address is in a network")
	}
}
