package store

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // RFC 6238 §1.2: what every app for one-time passwords does
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// The parameters of one-time passwords (RFC 6238 §4, RFC 4226 §5.3); apps know no
// others reliably.
const (
	totpPeriod = 30 // seconds
	totpDigits = 6
	totpSteps  = 1 // before and after now that count as well, RFC 6238 §5.2
)

// NewSecret makes a secret of one-time passwords, of 160 bits (RFC 4226 §4, R6).
func NewSecret() []byte {
	secret := make([]byte, sha1.Size)
	rand.Read(secret) // never fails: crypto/rand ends the program instead
	return secret
}

// SecretURI gives the otpauth URI that apps read from a QR code. It holds the
// secret.
func SecretURI(issuer, name string, secret []byte) string {
	q := url.Values{"secret": {base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)}, "issuer": {issuer}}
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(name) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// oneTime is the one-time password of a step (RFC 4226 §5.3).
func oneTime(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	binary.Write(mac, binary.BigEndian, step) // to a hash: never fails
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%0*d", totpDigits, (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// stepOf gives the step at which code is the one-time password, near now; ok is
// false if there is none. It compares all of them.
func stepOf(secret []byte, code string, now time.Time) (step int64, ok bool) {
	at := now.Unix() / totpPeriod
	for s := at - totpSteps; s <= at+totpSteps; s++ {
		if subtle.ConstantTimeCompare([]byte(oneTime(secret, s)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// The form of recovery codes: four groups of four characters, 80 bits.
const (
	recoveryLetters = "abcdefghijkmnpqrstuvwxyz23456789" // none is misread for another
	recoveryGroups  = 4
	recoveryGroup   = 4
	recoveryLen     = recoveryGroups*recoveryGroup + recoveryGroups - 1
)

// NewRecoveryCodes makes n codes to show once to their owner, and their sums, which
// Account.RecoveryCodes keeps. They are random enough for a plain hash.
func NewRecoveryCodes(n int) (codes []string, sums [][sha256.Size]byte) {
	for range n {
		raw := make([]byte, recoveryGroups*recoveryGroup)
		rand.Read(raw) // never fails: crypto/rand ends the program instead
		var code []byte
		for i, b := range raw {
			if i > 0 && i%recoveryGroup == 0 {
				code = append(code, '-')
			}
			code = append(code, recoveryLetters[b%32]) // 256 is a multiple of 32: none is likelier
		}
		codes = append(codes, string(code))
		sums = append(sums, sha256.Sum256(code))
	}
	return codes, sums
}

// factor is the second factor behind a password.
type factor struct {
	code     string
	recovery bool
}

// splitFactor parts what a client sent into password and second factor: six digits
// at its end, or a recovery code. Neither can be taken for the other, since the last
// six characters of a recovery code hold a "-".
func splitFactor(sent string) (password string, f factor) {
	if n := len(sent) - recoveryLen; n >= 0 && recoveryForm(sent[n:]) {
		return sent[:n], factor{sent[n:], true}
	}
	if n := len(sent) - totpDigits; n >= 0 && strings.Trim(sent[n:], "0123456789") == "" {
		return sent[:n], factor{code: sent[n:]}
	}
	return sent, factor{}
}

func recoveryForm(s string) bool {
	for i := range len(s) {
		if i%(recoveryGroup+1) == recoveryGroup {
			if s[i] != '-' {
				return false
			}
		} else if strings.IndexByte(recoveryLetters, s[i]) < 0 {
			return false
		}
	}
	return true
}
