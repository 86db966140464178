package password

import (
	"fmt"

	"golang.org/x/crypto/bcrypt"
)

// Bounds of bcrypt: each step of its cost doubles the work; 14 is about a second.
const (
	minBcryptCost = bcrypt.MinCost
	maxBcryptCost = 14
	bcryptLen     = 60
	// maxBcryptPassword is how much of a password bcrypt has ever looked at.
	maxBcryptPassword = 72
)

// bcryptHash is a hash of bcrypt: "$2b$COST$SALT-AND-HASH". 2a and 2y mean the
// same; 2x, of an implementation with a mistake, is not taken.
type bcryptHash string

func parseBcrypt(text string) (verifier, error) {
	if len(text) != bcryptLen || (text[:4] != "$2a$" && text[:4] != "$2b$" && text[:4] != "$2y$") || text[6] != '$' {
		return nil, fmt.Errorf("%w: it does not have the form $2b$COST$ and 53 characters", ErrHash)
	}
	for _, c := range []byte(text[7:]) {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '/') {
			return nil, fmt.Errorf("%w: it holds a character that bcrypt does not write", ErrHash)
		}
	}
	if text[4] < '0' || text[4] > '9' || text[5] < '0' || text[5] > '9' {
		return nil, fmt.Errorf("%w: its cost is not two digits", ErrHash)
	}
	cost := int(text[4]-'0')*10 + int(text[5]-'0')
	if cost < minBcryptCost || cost > maxBcryptCost {
		return nil, fmt.Errorf("%w: its cost is %d, must be %d to %d", ErrHash, cost, minBcryptCost, maxBcryptCost)
	}
	return bcryptHash(text), nil
}

// verify looks at the first 72 bytes, as those did that made such hashes.
func (h bcryptHash) verify(password string) bool {
	ok := sendable(password)
	if !ok {
		password = ""
	}
	key := []byte(password)
	return bcrypt.CompareHashAndPassword([]byte(h), key[:min(len(key), maxBcryptPassword)]) == nil && ok
}

func (h bcryptHash) String() string { return string(h) }
