package password

import (
	"errors"
	"strings"
	"testing"
)

// foreign are hashes that other programs made.
var foreign = []struct{ from, hash, password string }{
	// test.c of the reference implementation of argon2
	{"argon2i", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", "password"},
	{"argon2id", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password"},
	// wrapper.c of Openwall's crypt_blowfish 1.3
	{"bcrypt", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"bcrypt", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"bcrypt", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
	// the specification of sha512-crypt, its test vectors
	{"sha512-crypt", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1", "Hello world!"},
	{"sha512-crypt", "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.", "Hello world!"},
	{"sha512-crypt", "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0", "This is just a test"},
	// the documentation of passlib; RFC 7914 §11 (its first 32 bytes); Python's hashlib
	{"PBKDF2", "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk", "toomanysecrets"},
	{"PBKDF2", "$pbkdf2-sha256$1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw", "passwd"},
	{"PBKDF2", "$pbkdf2-sha512$25000$c2FsdFNBTFRzYWx0$zBr89nNcFIKmnB5Jj7G5NST1yQdb/RGNFcsuZZMA7uVoHiRB/1mCj3GDWJsfXuAZkrSoDBi8mtrbYyOX/Yvgaw", "password"},
	// the tests of Django
	{"PBKDF2", "pbkdf2_sha256$260000$seasalt2$UCGMhrOoaq1ghQPArIBK5RkI6IZLRxlIwHWA1dMy7y8=", "l\u00e8tmein"},
}

func TestVerifyOtherSchemes(t *testing.T) {
	for _, tc := range foreign {
		v, err := read(tc.hash)
		if err != nil || v.String() != tc.hash {
			t.Fatalf("%s: %v, %v", tc.hash, v, err)
		}
		for _, shown := range []string{tc.password, tc.password + "x", "", tc.password[1:], tc.password + "\x00", strings.Repeat("x", 1<<20)} {
			ok, err := Verify(tc.hash, shown)
			if err != nil || ok != (shown == tc.password) {
				t.Errorf("%s, %.20q: %v, %v", tc.hash, shown, ok, err)
			}
		}
	}
}

// The lengths at which sha512-crypt's loops turn; made by libxcrypt 4.4.
func TestShaCryptLengths(t *testing.T) {
	h := shaCrypt{rounds: minShaRounds, explicit: true, salt: "abc"}
	for _, n := range []int{0, 1, 63, 64, 65, 128, maxShaPassword} {
		h.sum = shaCryptSum(strings.Repeat("p", n), h.salt, h.rounds)
		if again, err := read(h.String()); err != nil || again != verifier(h) {
			t.Errorf("%d: %v, %v", n, again, err)
		}
		if want := shaCryptLengths[n]; h.String() != want {
			t.Errorf("%d: %s, want %s", n, h, want)
		}
	}
	h.sum = shaCryptSum(strings.Repeat("p", maxShaPassword+1), h.salt, h.rounds)
	if h.verify(strings.Repeat("p", maxShaPassword+1)) {
		t.Error("a password over the bound is taken")
	}
}

// What bcrypt looks at is all that counts.
func TestBcryptLongPassword(t *testing.T) {
	const hash = "$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
	for n, want := range map[int]bool{71: false, 72: true, 73: true, 200: true} {
		if ok, err := Verify(hash, strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored", 3)[:n]); ok != want || err != nil {
			t.Errorf("%d bytes: %v, %v", n, ok, err)
		}
	}
}

const someSum = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

// hostileForeign are texts that must be refused before any work is done for them.
var hostileForeign = []string{
	"$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	"$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	"$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	"$2b$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	"$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	"$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyO",
	"$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyO\x00\x00",
	"$6$rounds=999999999$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
	"$6$rounds=1000001$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
	"$6$rounds=999$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
	"$6$rounds=05000$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
	"$6$saltstringsaltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
	"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inzz",
	"$6$saltstring$short",
	"$6$", "$6$$", "$2b$", "$pbkdf2-", "pbkdf2_sha256$",
	"$pbkdf2-sha256$4000001$c2FsdA$" + someSum,
	"$pbkdf2-sha256$0$c2FsdA$" + someSum,
	"$pbkdf2-sha256$-1$c2FsdA$" + someSum,
	"$pbkdf2-sha256$01$c2FsdA$" + someSum,
	"$pbkdf2-sha256$99999999999999999999$c2FsdA$" + someSum,
	"$pbkdf2-sha1$1$c2FsdA$" + someSum,
	"$pbkdf2-sha512$1$c2FsdA$" + someSum,
	"$pbkdf2-sha256$1$$" + someSum,
	"$pbkdf2-sha256$1$c2+sdA$" + someSum,
	"pbkdf2_sha256$1$$" + someSum + "=",
	"pbkdf2_sha256$1$salt$" + someSum,
	"pbkdf2_sha256$1$" + strings.Repeat("s", 65) + "$" + someSum + "=",
	"$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1",
	"$y$j9T$abc$def",
	"{SSHA}abc",
}

func TestVerifyRefusesHostileSchemes(t *testing.T) {
	for _, hash := range hostileForeign {
		if ok, err := Verify(hash, "password"); ok || !errors.Is(err, ErrHash) {
			t.Errorf("%.100q: %v, %v", hash, ok, err)
		}
	}
}

func TestNeedsRehash(t *testing.T) {
	d := DefaultParams()
	more, less, fewer := d, d, d
	more.Memory, less.Memory, fewer.Time = d.Memory+8, d.Memory-8, d.Time-1
	for p, want := range map[Params]bool{d: false, more: false, less: true, fewer: true} {
		if got := NeedsRehash(mustHash(t, p, "x")); got != want {
			t.Errorf("%+v: %v", p, got)
		}
	}
	for _, tc := range foreign {
		if !NeedsRehash(tc.hash) {
			t.Errorf("%s stays", tc.hash)
		}
	}
	if old := strings.Replace(mustHash(t, d, "x"), "argon2id", "argon2i", 1); !NeedsRehash(old) || !NeedsRehash("") || !NeedsRehash("$x") {
		t.Error("argon2i, or no hash, stays")
	}
}
