package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// MaxLen is the longest password in bytes. Longer ones cannot be hashed and are
// never right.
const MaxLen = 1024

// ErrHash is what is returned, wrapped, for a text that is not a hash of a scheme
// that is known here, or that asks for more work than a login may cost.
var ErrHash = errors.New("not a usable password hash")

// Params is what one hash costs.
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes over the memory
	Threads uint8  // lanes
}

// DefaultParams is 19 MiB, two passes, one lane: the minimum that the OWASP
// Password Storage Cheat Sheet recommends for argon2id
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html,
// section "Argon2id"). A server that is asked by strangers takes the minimum:
// every KiB here is one that a guesser can make it spend.
func DefaultParams() Params { return Params{Memory: 19 * 1024, Time: 2, Threads: 1} }

// Bounds of what a PHC text may ask for; it may come from a file that others
// write. They allow the second recommendation of RFC 9106 §4 (64 MiB, three
// passes, four lanes) with room to grow.
const (
	maxMemory  = 256 * 1024      // KiB
	maxTime    = 64              // passes
	maxWork    = 2 * 1024 * 1024 // KiB times passes: some seconds
	maxThreads = 16
	minSalt    = 8 // RFC 9106 §3.1
	maxSalt    = 64
	minSum     = 16
	maxSum     = 64
	maxPHC     = 512 // bytes of the whole text, of every scheme
)

const (
	saltLen = 16 // RFC 9106 §3.1 recommends 16 for passwords
	sumLen  = 32
)

func (p Params) check() error {
	switch {
	case p.Threads < 1 || p.Threads > maxThreads:
		return fmt.Errorf("%w: p is %d, must be 1 to %d", ErrHash, p.Threads, maxThreads)
	case p.Time < 1 || p.Time > maxTime:
		return fmt.Errorf("%w: t is %d, must be 1 to %d", ErrHash, p.Time, maxTime)
	case p.Memory < 8*uint32(p.Threads) || p.Memory > maxMemory: // RFC 9106 §3.1: at least 8*p
		return fmt.Errorf("%w: m is %d, must be %d to %d", ErrHash, p.Memory, 8*uint32(p.Threads), maxMemory)
	case p.Memory*p.Time > maxWork: // at most 2^18 * 2^6: no overflow
		return fmt.Errorf("%w: m times t is %d, must be at most %d", ErrHash, p.Memory*p.Time, maxWork)
	}
	return nil
}

// Hash hashes a password with DefaultParams. See [Params.Hash].
func Hash(password string) (string, error) { return DefaultParams().Hash(password) }

// Hash gives the password's argon2id hash, with a fresh random salt, in PHC form:
// $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH. The password must have 1 to MaxLen
// bytes and no NUL, which FTP cannot carry. Parameters that Verify would refuse
// are an error that wraps ErrHash.
func (p Params) Hash(password string) (string, error) {
	if password == "" || !sendable(password) {
		return "", fmt.Errorf("password: a password needs 1 to %d bytes and no NUL; choose another", MaxLen)
	}
	if err := p.check(); err != nil {
		return "", err
	}
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails: crypto/rand ends the program instead
	sum := argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, sumLen)
	return encoded{Params: p, salt: salt, sum: sum}.String(), nil
}

// Verify reports whether password is the one that hash was made of: a hash of
// [Hash], or one from elsewhere, see the package's text. It takes the same time
// whatever the password, but for sha512-crypt; one that is too long or holds NUL is
// never right. The error wraps ErrHash and is about hash only.
func Verify(hash, password string) (bool, error) {
	v, err := read(hash)
	if err != nil {
		return false, err
	}
	return v.verify(password), nil
}

// encoded is the content of a PHC text.
type encoded struct {
	Params
	old       bool // argon2i
	salt, sum []byte
}

// verify costs one hash in every case (S-22, S-23).
func (e encoded) verify(password string) bool {
	ok := sendable(password)
	if !ok {
		password = ""
	}
	key := argon2.IDKey
	if e.old {
		key = argon2.Key
	}
	sum := key([]byte(password), e.salt, e.Time, e.Memory, e.Threads, uint32(len(e.sum)))
	return subtle.ConstantTimeCompare(sum, e.sum) == 1 && ok
}

func sendable(password string) bool {
	return len(password) <= MaxLen && strings.IndexByte(password, 0) < 0
}

var b64 = base64.RawStdEncoding.Strict()

func (e encoded) String() string {
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", e.scheme(), argon2.Version,
		e.Memory, e.Time, e.Threads, b64.EncodeToString(e.salt), b64.EncodeToString(e.sum))
}

func (e encoded) scheme() string {
	if e.old {
		return "argon2i"
	}
	return "argon2id"
}

// parse takes exactly what String writes, so that a text has one meaning only.
func parse(phc string) (encoded, error) {
	var e encoded
	part := strings.Split(phc, "$")
	if len(part) == 6 && part[1] == "argon2i" {
		e.old = true
	}
	if len(part) != 6 || part[0] != "" || part[1] != e.scheme() {
		return e, fmt.Errorf("%w: it does not have the form $argon2id$v=19$m=...,t=...,p=...$SALT$HASH", ErrHash)
	}
	if part[2] != "v="+strconv.Itoa(argon2.Version) {
		return e, fmt.Errorf("%w: its version is not v=%d", ErrHash, argon2.Version)
	}
	param := strings.Split(part[3], ",")
	if len(param) != 3 {
		return e, fmt.Errorf("%w: its parameters are not m, t and p", ErrHash)
	}
	var n [3]uint64
	for i, size := range []int{32, 32, 8} {
		text, found := strings.CutPrefix(param[i], "mtp"[i:i+1]+"=")
		v, err := strconv.ParseUint(text, 10, size)
		if !found || err != nil || strconv.FormatUint(v, 10) != text {
			return e, fmt.Errorf("%w: its parameters are not m=NUMBER,t=NUMBER,p=NUMBER", ErrHash)
		}
		n[i] = v
	}
	e.Params = Params{Memory: uint32(n[0]), Time: uint32(n[1]), Threads: uint8(n[2])}
	if err := e.check(); err != nil {
		return e, err
	}
	var err error
	if e.salt, err = field(part[4], "salt", minSalt, maxSalt); err != nil {
		return e, err
	}
	e.sum, err = field(part[5], "hash", minSum, maxSum)
	return e, err
}

func field(text, name string, least, most int) ([]byte, error) {
	return base64Field(b64, text, name, least, most)
}

func base64Field(enc *base64.Encoding, text, name string, least, most int) ([]byte, error) {
	b, err := enc.DecodeString(text)
	// DecodeString skips line breaks.
	if err != nil || len(b) < least || len(b) > most || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%w: its %s is not the BASE64 of %d to %d bytes", ErrHash, name, least, most)
	}
	return b, nil
}
