package password

import (
	"errors"
	"testing"
)

func TestCheckHash(t *testing.T) {
	for _, c := range []struct {
		text         string
		hash, usable bool
	}{
		{"$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", true, true},
		{"$2y$05$CCCC", true, false},
		{"$6$", true, false},
		{"$argon2i$", true, false},
		{"pbkdf2_sha256$x", true, false},
		{"$2 is a price", false, false},
		{"$apr1$TqI9WECO$LHZB2DqRlk9nObiB6vJG9.", false, false},
		{"", false, false},
	} {
		if got := IsHash(c.text); got != c.hash {
			t.Errorf("%q begins as a hash: %v", c.text, got)
		}
		if err := CheckHash(c.text); (err == nil) != c.usable || err != nil && !errors.Is(err, ErrHash) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}
