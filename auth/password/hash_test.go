package password

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// cheap keeps the tests fast; its cost is the least that argon2 has.
var cheap = Params{Memory: 8, Time: 1, Threads: 1}

func mustHash(t *testing.T, p Params, password string) string {
	t.Helper()
	h, err := p.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHashForm(t *testing.T) {
	h, err := Hash("secret")
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	if !form.MatchString(h) {
		t.Errorf("hash %s", h)
	}
	if ok, err := Verify(h, "secret"); !ok || err != nil {
		t.Errorf("Verify: %v, %v", ok, err)
	}
	if again := mustHash(t, DefaultParams(), "secret"); again == h {
		t.Error("two hashes of one password are equal: no salt")
	}
}

// TestVerifyForeign takes hashes that the reference implementation made (test.c
// of github.com/P-H-C/phc-winner-argon2).
func TestVerifyForeign(t *testing.T) {
	for _, tc := range []struct{ phc, password string }{
		{"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"},
		{"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password"},
		{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
	} {
		if ok, err := Verify(tc.phc, tc.password); !ok || err != nil {
			t.Errorf("%s: %v, %v", tc.phc, ok, err)
		}
		if ok, err := Verify(tc.phc, tc.password+"x"); ok || err != nil {
			t.Errorf("%s with a wrong password: %v, %v", tc.phc, ok, err)
		}
	}
}

// TestVerifyPasswords is S-23: a password of any size and bytes is compared
// whole or refused.
func TestVerifyPasswords(t *testing.T) {
	longest := strings.Repeat("a", MaxLen)
	for _, set := range []string{"x", "ä", "\xff\xfe", "with space ", "a\r\nb", longest} {
		h := mustHash(t, cheap, set)
		for _, shown := range []string{"", "x", "X", "ä", "\xff\xfe", "with space ", "with space", "a\r\nb", longest,
			longest + "a", set + "\x00", "\x00", strings.Repeat("a", 1<<20)} {
			if ok, err := Verify(h, shown); err != nil || ok != (set == shown) {
				t.Errorf("set %.20q, shown %.20q: %v, %v", set, shown, ok, err)
			}
		}
	}
}

func TestHashRefuses(t *testing.T) {
	for _, p := range []string{"", "a\x00b", strings.Repeat("a", MaxLen+1)} {
		if h, err := cheap.Hash(p); err == nil {
			t.Errorf("password %.10q was hashed to %s", p, h)
		}
	}
	for _, p := range []Params{{}, {8, 1, 0}, {7, 1, 1}, {8, 0, 1}, {8, 65, 1}, {15, 1, 2}, {maxMemory + 1, 1, 1}, {maxMemory, 9, 1}, {1024, 1, 17}} {
		if h, err := p.Hash("x"); !errors.Is(err, ErrHash) {
			t.Errorf("%+v: %s, %v", p, h, err)
		}
	}
}

// hostile are texts that must be refused before any memory is taken for them.
var hostile = []string{
	"",
	"secret",
	"$argon2id$",
	"$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2i$v=19$m=262145,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"x$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=4294967552,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=256,t=4294967295,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=262144,t=64,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=256,t=2,p=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=256,t=2,p=256$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=-1,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=+256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=0256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$t=2,m=256,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=256,t=2,p=1,data=x$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	"$argon2id$v=19$m=256,t=2,p=1$c29tZXM$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",      // short salt
	"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ=$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", // padding
	"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHR$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",  // stray bits
	"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$",
	"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65",
	"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4\n",
	"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4$",
	"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 88),
	strings.Repeat("$", 1<<20),
}

func TestVerifyRefusesHostileHashes(t *testing.T) {
	for _, phc := range hostile {
		ok, err := Verify(phc, "password")
		if ok || !errors.Is(err, ErrHash) {
			t.Errorf("%.100q: %v, %v", phc, ok, err)
		}
		if err != nil && len(phc) > 50 && strings.Contains(err.Error(), phc[40:50]) {
			t.Errorf("error %q repeats the hash", err)
		}
	}
}

// FuzzParse holds that a text which is taken is one that we would write, within
// the bounds.
// F-15.
func FuzzParse(f *testing.F) {
	for _, s := range append(hostile, hostileForeign...) {
		f.Add(s)
	}
	for _, tc := range foreign {
		f.Add(tc.hash)
	}
	f.Add("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := read(s)
		if err != nil {
			return
		}
		if v.String() != s {
			t.Errorf("%q was read as %q", s, v)
		}
		switch h := v.(type) {
		case encoded:
			if h.Memory > maxMemory || uint64(h.Memory)*uint64(h.Time) > maxWork || h.Threads == 0 || len(h.sum) > maxSum {
				t.Errorf("%q is over the bounds", s)
			}
		case shaCrypt:
			if h.rounds > maxShaRounds || len(h.salt) > maxShaSalt {
				t.Errorf("%q is over the bounds", s)
			}
		case pbkdf2Hash:
			if h.iterations > maxIterations || len(h.sum) != h.size || len(h.salt) > maxPBKDF2Salt {
				t.Errorf("%q is over the bounds", s)
			}
		case bcryptHash:
			if cost, err := bcrypt.Cost([]byte(h)); err != nil || cost > maxBcryptCost {
				t.Errorf("%q: cost %d, %v", s, cost, err)
			}
		}
	})
}

func TestRandom(t *testing.T) {
	form := regexp.MustCompile(`^[a-z2-9]{5}(-[a-z2-9]{5}){3}$`)
	counts := map[rune]int{}
	seen := map[string]bool{}
	for range 1000 {
		p := Random()
		if !form.MatchString(p) || strings.ContainsAny(p, "0O1lIo") || seen[p] {
			t.Fatalf("password %q", p)
		}
		seen[p] = true
		for _, r := range p {
			counts[r]++
		}
	}
	delete(counts, '-')
	if len(counts) != 32 { // 20 characters of 32 are 100 bits
		t.Errorf("%d different characters, want 32", len(counts))
	}
	for r, n := range counts { // 625 each on average; the bound is 10 standard deviations
		if n < 375 || n > 875 {
			t.Errorf("%q came %d times in 20000", r, n)
		}
	}
	if _, err := cheap.Hash(Random()); err != nil {
		t.Error(err)
	}
}
