package password

import (
	"errors"
	"strings"
	"testing"
)

func TestPolicy(t *testing.T) {
	for _, tc := range []struct {
		least          int
		name, password string
		want           bool
	}{
		{0, "anna", "correct horse", true},
		{0, "anna", Random(), true},
		{0, "anna", "ninechars", false},
		{0, "anna", "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00df", true},
		{0, "anna", "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4", false}, // 14 bytes, 7 characters
		{0, "annaberta1", "annaberta1", false},
		{0, "annaberta1", "ANNABERTA2024!", false},
		{0, "anna", "annabertacarl", true},
		{0, "1234567890123", "1234567890123", false},
		{0, "anna", "Password2024!", false},
		{0, "anna", "qwertyuiop", false},
		{0, "anna", "1234567890", false},
		{0, "anna", "zzzzzzzzzzzz", false},
		{0, "anna", "84729104726", true},
		{6, "anna", "123456", false},
		{6, "anna", "Dragon", false},
		{6, "anna", "xk4vp9", true},
		{1, "anna", "", false},
		{1, "anna", "a\nb", false},
		{1, "anna", "a\x00b", false},
		{1, "anna", strings.Repeat("ab", MaxLen), false},
	} {
		err := Policy{MinLen: tc.least}.Check(tc.name, tc.password)
		if (err == nil) != tc.want {
			t.Errorf("%s, %.20q: %v", tc.name, tc.password, err)
		}
		if err != nil && strings.Contains(err.Error(), tc.password) && tc.password != "" {
			t.Errorf("the error %q holds the password", err)
		}
	}
	if err := (Policy{}).Check("anna", "x"); !errors.Is(err, ErrWeak) {
		t.Error(err)
	}
}
