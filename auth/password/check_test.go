package password

import (
	"errors"
	"testing"
)

func TestCheckHash(t *testing.T) {
	for _, c := range []struct {
		text                  string
		hash, usable, foreign bool
	}{
		{"$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", true, true, false},
		{"$2y$05$CCCC", true, false, false},
		{"$6$", true, false, false},
		{"$argon2i$", true, false, false},
		{"pbkdf2_sha256$x", true, false, false},
		{"$2 is a price", false, false, false},
		{"$ecret$tuff", false, false, false},
		{"{curly}", false, false, false},
		{"{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", false, false, true},
		{"$1$abc$def", false, false, true},
		{"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", false, false, true},
		{"$apr1$TqI9WECO$LHZB2DqRlk9nObiB6vJG9.", false, false, true},
		{"", false, false, false},
	} {
		if got := IsHash(c.text); got != c.hash {
			t.Errorf("%q begins as a hash: %v", c.text, got)
		}
		if got := IsForeignHash(c.text); got != c.foreign {
			t.Errorf("%q looks like a hash of another kind: %v", c.text, got)
		}
		if err := CheckHash(c.text); (err == nil) != c.usable || err != nil && !errors.Is(err, ErrHash) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}
