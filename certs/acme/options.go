package acme

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/caddyserver/certmagic"
)

// LetsEncrypt is the directory that is asked if Options names none.
const LetsEncrypt = certmagic.LetsEncryptProductionCA

// maxNames bounds the names of one server: each gets a certificate of its own, and
// authorities limit how many they give in a week.
const maxNames = 100

// ErrOptions is wrapped by all errors of New.
var ErrOptions = errors.New("acme")

// Options says what to get, and from whom.
type Options struct {
	// Names are the DNS names to get certificates for, one each. A wildcard
	// ("*.example.org") needs a hook. The first is shown to clients that name none.
	Names []string
	// Agreed says that the operator agrees to the terms of the authority; without it
	// nothing is asked for.
	Agreed bool
	// Email is where the authority writes to. It may be empty.
	Email string
	// Directory is the https address of the authority; empty: LetsEncrypt.
	Directory string
	// Roots are the roots that the authority's own web server is checked by; nil:
	// those of the system.
	Roots *x509.CertPool
	// Storage is the folder that keeps the account, keys and certificates. It is made
	// when there is something to keep, and only its owner can read it.
	Storage string
	// Challenges are those that may be used. DNS01 needs Hook, and the other two are
	// not used where it is set.
	Challenges []Challenge
	// Hook is a command, with its arguments, that sets and removes TXT records: see
	// [Hook].
	Hook []string
	// HTTPPort and TLSPort are the local ports for HTTP-01 and TLS-ALPN-01 where a
	// router leads the authority's ports 80 and 443 to others; 0: 80 and 443.
	HTTPPort, TLSPort int
	// Host is the address to listen on for them; empty: all.
	Host string
	// KeepKey keeps the key when a certificate is renewed, for clients that have
	// pinned it. Without it every certificate gets a new key.
	KeepKey bool
	// CheckEvery is how often it is looked whether a certificate is to be renewed, which
	// is when a third of its life is left, or when the authority asks for it. 0: 10
	// minutes.
	CheckEvery time.Duration
	// Changed, if set, is told when a certificate of a name was got or renewed, or why
	// that failed. It must return quickly.
	Changed func(name string, renewed bool, err error)
	// Logger is for the operator; nil: slog.Default().
	Logger *slog.Logger
}

// Challenge is a way to convince the authority.
type Challenge string

// The challenges of RFC 8555 §8 and RFC 8737, as the authorities call them.
const (
	HTTP01    Challenge = "http-01"
	TLSALPN01 Challenge = "tls-alpn-01"
	DNS01     Challenge = "dns-01"
)

// ParseChallenge reads one of the three names.
func ParseChallenge(s string) (Challenge, error) {
	switch c := Challenge(s); c {
	case HTTP01, TLSALPN01, DNS01:
		return c, nil
	}
	return "", fmt.Errorf("%w: %q is not a challenge: http-01, tls-alpn-01 or dns-01", ErrOptions, s)
}

func (o Options) has(c Challenge) bool {
	for _, each := range o.Challenges {
		if each == c {
			return true
		}
	}
	return false
}

// Check finds what cannot work before an authority is asked, which counts failures. Its errors
// wrap ErrOptions.
func (o Options) Check() error {
	if err := o.checkWhole(); err != nil {
		return err
	}
	for _, name := range o.Names {
		if err := o.checkName(name); err != nil {
			return err
		}
	}
	return nil
}

func (o Options) checkWhole() error {
	if len(o.Names) == 0 || len(o.Names) > maxNames {
		return fmt.Errorf("%w: give 1 to %d names", ErrOptions, maxNames)
	}
	if !o.Agreed {
		return fmt.Errorf("%w: the authority gives certificates only to those who agree to its terms", ErrOptions)
	}
	if o.Storage == "" {
		return fmt.Errorf("%w: there is no folder to keep the keys in", ErrOptions)
	}
	if u, err := url.Parse(o.Directory); o.Directory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return fmt.Errorf("%w: %q is not an https address", ErrOptions, o.Directory)
	}
	if len(o.Challenges) == 0 {
		return fmt.Errorf("%w: no challenge is allowed: http-01, tls-alpn-01 or dns-01", ErrOptions)
	}
	if o.has(DNS01) != (len(o.Hook) > 0) {
		return fmt.Errorf("%w: dns-01 needs a hook, and a hook is for dns-01 only", ErrOptions)
	}
	return nil
}

// checkName refuses what no public authority signs, and all that could mean
// something else to a hook than a name.
func (o Options) checkName(name string) error {
	rest, wild := strings.CutPrefix(name, "*.")
	if wild && !o.has(DNS01) {
		return fmt.Errorf("%w: %q needs dns-01: only the owner of the zone can have it", ErrOptions, name)
	}
	labels := strings.Split(rest, ".")
	if len(rest) > maxName || len(labels) < 2 {
		return fmt.Errorf("%w: %q is not the full name of a host", ErrOptions, name)
	}
	for _, l := range labels {
		odd := func(r rune) bool {
			return r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
		}
		if l == "" || len(l) > 63 || strings.ContainsFunc(l, odd) || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-") {
			return fmt.Errorf("%w: %q is not a DNS name; write names of other scripts in their xn-- form", ErrOptions, name)
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return fmt.Errorf("%w: %q is an address, not a name", ErrOptions, name)
	}
	return nil
}
