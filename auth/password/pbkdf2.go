package password

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// Bounds of PBKDF2 (RFC 8018 §5.2): Django 6 writes 1200000 iterations, passlib
// 29000. The hash is one block long, so that iterations are the whole cost.
const (
	maxIterations = 4_000_000
	minPBKDF2Salt = 1
	maxPBKDF2Salt = 64
)

// pbkdf2Hash is a hash as passlib or Django write it:
//
//	$pbkdf2-sha256$29000$SALT$HASH   salt and hash in BASE64 with "." for "+", no padding
//	pbkdf2_sha256$1200000$SALT$HASH  salt as it is, hash in BASE64
type pbkdf2Hash struct {
	scheme     string // what is before the iterations
	size       int    // of the hash function, in bytes
	iterations int
	salt, sum  []byte
}

const djangoPBKDF2 = "pbkdf2_sha256"

func parsePBKDF2(text string) (verifier, error) {
	h := pbkdf2Hash{size: sha256.Size}
	part := strings.Split(strings.TrimPrefix(text, "$"), "$")
	if len(part) != 4 {
		return nil, fmt.Errorf("%w: it does not have the form $pbkdf2-sha256$ITERATIONS$SALT$HASH", ErrHash)
	}
	switch h.scheme = strings.TrimSuffix(text, strings.Join(part[1:], "$")); h.scheme {
	case "$pbkdf2-sha256$", djangoPBKDF2 + "$":
	case "$pbkdf2-sha512$":
		h.size = sha512.Size
	default:
		return nil, fmt.Errorf("%w: PBKDF2 is known with SHA-256 and SHA-512", ErrHash)
	}
	n, err := strconv.Atoi(part[1])
	if err != nil || strconv.Itoa(n) != part[1] || n < 1 || n > maxIterations {
		return nil, fmt.Errorf("%w: its iterations are not a number from 1 to %d", ErrHash, maxIterations)
	}
	h.iterations = n
	if h.django() {
		h.salt = []byte(part[2])
		if len(h.salt) < minPBKDF2Salt || len(h.salt) > maxPBKDF2Salt {
			return nil, fmt.Errorf("%w: its salt is not of %d to %d bytes", ErrHash, minPBKDF2Salt, maxPBKDF2Salt)
		}
		h.sum, err = base64Field(base64.StdEncoding.Strict(), part[3], "hash", h.size, h.size)
		return h, err
	}
	if strings.Contains(text, "+") {
		return nil, fmt.Errorf(`%w: its BASE64 has "+" where it has "."`, ErrHash)
	}
	if h.salt, err = field(strings.ReplaceAll(part[2], ".", "+"), "salt", minPBKDF2Salt, maxPBKDF2Salt); err != nil {
		return nil, err
	}
	h.sum, err = field(strings.ReplaceAll(part[3], ".", "+"), "hash", h.size, h.size)
	return h, err
}

func (h pbkdf2Hash) django() bool { return h.scheme[0] != '$' }

func (h pbkdf2Hash) verify(password string) bool {
	ok := sendable(password)
	if !ok {
		password = ""
	}
	var f func() hash.Hash = sha256.New
	if h.size == sha512.Size {
		f = sha512.New
	}
	sum, err := pbkdf2.Key(f, password, h.salt, h.iterations, h.size)
	return err == nil && subtle.ConstantTimeCompare(sum, h.sum) == 1 && ok
}

func (h pbkdf2Hash) String() string {
	head := h.scheme + strconv.Itoa(h.iterations) + "$"
	if h.django() {
		return head + string(h.salt) + "$" + base64.StdEncoding.EncodeToString(h.sum)
	}
	return head + strings.ReplaceAll(b64.EncodeToString(h.salt)+"$"+b64.EncodeToString(h.sum), "+", ".")
}
