package password

import (
	"fmt"
	"slices"
	"strings"
)

// verifier is a hash that was read. verify costs the same whatever the password,
// but for sha512-crypt, whose cost grows with its length.
type verifier interface {
	verify(password string) bool
	String() string
}

// read takes a hash of any scheme that Verify knows.
func read(text string) (verifier, error) {
	if len(text) > maxPHC {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrHash, maxPHC)
	}
	for _, s := range schemes() {
		if strings.HasPrefix(text, s.prefix) {
			v, err := s.parse(text)
			if err != nil {
				return nil, err
			}
			return v, nil
		}
	}
	return nil, fmt.Errorf("%w: it is not of argon2id, argon2i, bcrypt ($2b$), sha512-crypt ($6$) or PBKDF2", ErrHash)
}

// scheme is one kind of hash, known by how its texts begin.
type scheme struct {
	prefix string
	parse  func(string) (verifier, error)
}

func schemes() []scheme {
	return []scheme{
		{"$argon2id$", parseArgon2}, {"$argon2i$", parseArgon2},
		{"$2a$", parseBcrypt}, {"$2b$", parseBcrypt}, {"$2y$", parseBcrypt}, {"$6$", parseShaCrypt},
		{"$pbkdf2-", parsePBKDF2}, {djangoPBKDF2 + "$", parsePBKDF2},
	}
}

// IsHash reports whether a text begins as a hash does of a scheme that [Verify] knows,
// and so is not meant to be a password. It may be unusable all the same: see [CheckHash].
func IsHash(text string) bool {
	return slices.ContainsFunc(schemes(), func(s scheme) bool { return strings.HasPrefix(text, s.prefix) })
}

// IsForeignHash reports whether a text looks like the hash of a scheme that [Verify] does not
// know, as in crypt(5), Apache's files or LDAP: $1$, $apr1$, $y$, {SSHA}. Whoever takes it for
// a password makes the hash what logs in.
func IsForeignHash(text string) bool {
	if IsHash(text) {
		return false
	}
	if rest, ok := strings.CutPrefix(text, "$"); ok {
		id, hash, ok := strings.Cut(rest, "$")
		return ok && hash != "" && slices.Contains([]string{"1", "2", "2x", "3", "5", "7", "8", "9", "y", "gy", "sm3", "md5", "sha1", "apr1", "P", "H", "S", "scrypt", "argon2d", "bcrypt-sha256"}, id)
	}
	rest, ok := strings.CutPrefix(text, "{")
	id, hash, whole := strings.Cut(rest, "}")
	return ok && whole && hash != "" && len(id) >= 3 && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == ""
}

// CheckHash says, without the cost of a hash, what keeps [Verify] from using this one.
// The error wraps ErrHash, and does not hold the hash.
func CheckHash(hash string) error {
	_, err := read(hash)
	return err
}

func parseArgon2(text string) (verifier, error) { return parse(text) }

// NeedsRehash reports whether the password should be hashed anew when it is next
// seen: the hash is not of argon2id, costs less than [DefaultParams] in memory or
// passes, or cannot be used at all.
func NeedsRehash(hash string) bool {
	v, err := read(hash)
	e, ok := v.(encoded)
	d := DefaultParams()
	return err != nil || !ok || e.old || e.Memory < d.Memory || e.Time < d.Time
}
