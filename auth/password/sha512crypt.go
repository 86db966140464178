package password

import (
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of sha512-crypt. Each of its rounds hashes the whole password, so the
// length of that is a cost, too. libxcrypt writes 5000 rounds, passlib 656000.
const (
	shaRounds      = 5000 // without "rounds="
	minShaRounds   = 1000
	maxShaRounds   = 1_000_000
	maxShaSalt     = 16
	maxShaPassword = 256
)

// shaCrypt is a hash of U. Drepper's "Unix crypt using SHA-256 and SHA-512",
// version 0.6 (https://www.akkadia.org/drepper/SHA-crypt.txt), which
// /etc/shadow has as "$6$".
type shaCrypt struct {
	rounds   int
	explicit bool // "rounds=" is written
	salt     string
	sum      [sha512.Size]byte
}

func parseShaCrypt(text string) (verifier, error) {
	h := shaCrypt{rounds: shaRounds}
	part := strings.Split(text, "$")
	if len(part) == 5 {
		n, err := strconv.Atoi(strings.TrimPrefix(part[2], "rounds="))
		if err != nil || part[2] != "rounds="+strconv.Itoa(n) || n < minShaRounds || n > maxShaRounds {
			return nil, fmt.Errorf("%w: its rounds are not a number from %d to %d", ErrHash, minShaRounds, maxShaRounds)
		}
		h.rounds, h.explicit = n, true
		part = append(part[:2], part[3:]...)
	}
	if len(part) != 4 {
		return nil, fmt.Errorf("%w: it does not have the form $6$rounds=N$SALT$HASH", ErrHash)
	}
	if h.salt = part[2]; len(h.salt) > maxShaSalt {
		return nil, fmt.Errorf("%w: its salt is longer than %d bytes", ErrHash, maxShaSalt)
	}
	sum, ok := decodeShaCrypt(part[3])
	if !ok {
		return nil, fmt.Errorf("%w: its hash is not %d characters of crypt", ErrHash, shaCryptLen)
	}
	h.sum = sum
	return h, nil
}

func (h shaCrypt) verify(password string) bool {
	ok := sendable(password) && len(password) <= maxShaPassword
	if !ok {
		password = ""
	}
	sum := shaCryptSum(password, h.salt, h.rounds)
	return subtle.ConstantTimeCompare(sum[:], h.sum[:]) == 1 && ok
}

// shaCryptSum follows the steps of the specification, whose numbers it gives.
func shaCryptSum(password, salt string, rounds int) [sha512.Size]byte {
	key, n := []byte(password), len(password)
	b := sha512.Sum512([]byte(password + salt + password)) // 4 to 8
	d := sha512.New()
	d.Write([]byte(password + salt)) // 1 to 3
	d.Write(stretch(b[:], n))        // 9, 10
	for i := n; i > 0; i >>= 1 {     // 11
		if i&1 == 1 {
			d.Write(b[:])
		} else {
			d.Write(key)
		}
	}
	var a, dp, ds [sha512.Size]byte
	d.Sum(a[:0]) // 12
	d.Reset()
	for range n { // 13 to 15
		d.Write(key)
	}
	p := stretch(d.Sum(dp[:0]), n) // 16
	d.Reset()
	for range 16 + int(a[0]) { // 17 to 19
		d.Write([]byte(salt))
	}
	s := stretch(d.Sum(ds[:0]), len(salt)) // 20
	for i := range rounds {                // 21
		d.Reset()
		if i%2 == 1 {
			d.Write(p)
		} else {
			d.Write(a[:])
		}
		if i%3 != 0 {
			d.Write(s)
		}
		if i%7 != 0 {
			d.Write(p)
		}
		if i%2 == 1 {
			d.Write(a[:])
		} else {
			d.Write(p)
		}
		d.Sum(a[:0])
	}
	return a
}

// stretch repeats sum until there are n bytes.
func stretch(sum []byte, n int) []byte {
	out := make([]byte, 0, n+len(sum))
	for len(out) < n {
		out = append(out, sum...)
	}
	return out[:n]
}

const (
	shaCryptLen    = 86 // characters of a hash
	shaCryptDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// shaCryptTriple gives the bytes that four characters stand for, the first
// character having the lowest six bits of the last byte (step 22).
func shaCryptTriple(i int) (b2, b1, b0 int) {
	at := [3]int{i, i + 21, i + 42}
	r := i % 3
	return at[r], at[(r+1)%3], at[(r+2)%3]
}

func decodeShaCrypt(text string) (sum [sha512.Size]byte, ok bool) {
	if len(text) != shaCryptLen {
		return sum, false
	}
	var v [shaCryptLen]int
	for i := range v {
		if v[i] = strings.IndexByte(shaCryptDigits, text[i]); v[i] < 0 {
			return sum, false
		}
	}
	for i := range 21 {
		b2, b1, b0 := shaCryptTriple(i)
		w := v[4*i] | v[4*i+1]<<6 | v[4*i+2]<<12 | v[4*i+3]<<18
		sum[b2], sum[b1], sum[b0] = byte(w>>16), byte(w>>8), byte(w)
	}
	last := v[84] | v[85]<<6
	sum[63] = byte(last)
	return sum, last < 256
}

func (h shaCrypt) String() string {
	out := "$6$"
	if h.explicit {
		out += "rounds=" + strconv.Itoa(h.rounds) + "$"
	}
	text := make([]byte, 0, shaCryptLen)
	put := func(w, n int) {
		for range n {
			text = append(text, shaCryptDigits[w&0x3f])
			w >>= 6
		}
	}
	for i := range 21 {
		b2, b1, b0 := shaCryptTriple(i)
		put(int(h.sum[b2])<<16|int(h.sum[b1])<<8|int(h.sum[b0]), 4)
	}
	put(int(h.sum[63]), 2)
	return out + h.salt + "$" + string(text)
}
