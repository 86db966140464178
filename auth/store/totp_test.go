package store

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"
)

// The test vectors of RFC 6238, appendix B, their last six digits.
func TestOneTime(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := oneTime(secret, at/totpPeriod); got != want {
			t.Errorf("%d: %s, want %s", at, got, want)
		}
		for off, near := range map[int64]bool{-60: false, -30: true, 0: true, 30: true, 60: false} {
			if at+off < 0 {
				continue
			}
			step, ok := stepOf(secret, want, time.Unix(at+off, 0))
			if ok != near || ok && step != at/totpPeriod {
				t.Errorf("%d, seen %d s later: %d, %v", at, off, step, ok)
			}
		}
	}
	for _, code := range []string{"", "28708", "2870820", "287083"} {
		if _, ok := stepOf(secret, code, time.Unix(59, 0)); ok {
			t.Errorf("%q is taken", code)
		}
	}
}

func TestSplitFactor(t *testing.T) {
	codes, sums := NewRecoveryCodes(2)
	if len(codes) != 2 || codes[0] == codes[1] || sha256.Sum256([]byte(codes[1])) != sums[1] {
		t.Fatal(codes)
	}
	for sent, want := range map[string]struct {
		password string
		factor   factor
	}{
		"":                     {"", factor{}},
		"secret":               {"secret", factor{}},
		"secret123456":         {"secret", factor{code: "123456"}},
		"123456":               {"", factor{code: "123456"}},
		"12345":                {"12345", factor{}},
		"secret12345\u0663":    {"secret12345\u0663", factor{}}, // not every digit
		"secret" + codes[0]:    {"secret", factor{codes[0], true}},
		"abcd-2222-2222-2222":  {"", factor{"abcd-2222-2222-2222", true}},
		"xabcd-2222-2222-222l": {"xabcd-2222-2222-222l", factor{}},
	} {
		if p, f := splitFactor(sent); p != want.password || f != want.factor {
			t.Errorf("%q: %q, %+v", sent, p, f)
		}
	}
}

func TestSecretURI(t *testing.T) {
	const want = "otpauth://totp/My%20Server:anna@x?issuer=My%20Server&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	if got := SecretURI("My Server", "anna@x", []byte("12345678901234567890")); got != want {
		t.Error(got)
	}
	if a, b := NewSecret(), NewSecret(); len(a) != 20 || string(a) == string(b) || strings.Trim(string(a), "\x00") == "" {
		t.Error("secrets are not random")
	}
}
