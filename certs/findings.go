package certs

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"
)

// FindingID names a kind of finding. It stays the same from version to version.
type FindingID string

// What Inspect can find.
const (
	NoCertificate    FindingID = "no-certificate"
	Expired          FindingID = "expired"
	ExpiresSoon      FindingID = "expires-soon" // a note, from 30 days on
	NotYetValid      FindingID = "not-yet-valid"
	LongLived        FindingID = "long-lived" // a note: Apple's clients refuse it
	WrongKey         FindingID = "wrong-key"
	NoName           FindingID = "no-name" // only a common name, or none: RFC 9525 §2
	BadName          FindingID = "bad-name"
	WrongName        FindingID = "wrong-name"
	WrongUse         FindingID = "wrong-use" // extended key usage
	LeafIsAuthority  FindingID = "leaf-is-authority"
	WeakKey          FindingID = "weak-key"
	HugeKey          FindingID = "huge-key"
	WeakSignature    FindingID = "weak-signature"
	BadSignature     FindingID = "bad-signature"
	RareKey          FindingID = "rare-key" // a note: not all clients take it
	ChainTooLong     FindingID = "chain-too-long"
	ChainOrder       FindingID = "chain-order"
	ChainIncomplete  FindingID = "chain-incomplete"
	ChainWithRoot    FindingID = "chain-with-root"   // a note: bytes for nothing
	UnknownAuthority FindingID = "unknown-authority" // a note without InspectOptions.Roots
	NotTrusted       FindingID = "not-trusted"       // for any other reason
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	Problem Level = "problem" // clients turn away, or should
	Note    Level = "note"    // good to know
)

// Finding is one thing that was found.
type Finding struct {
	ID          FindingID `json:"id"`
	Level       Level     `json:"level"`
	Certificate int       `json:"certificate"` // index in the chain
	Text        string    `json:"text"`        // one sentence; may hold text of the certificate
	Hint        string    `json:"hint"`        // what to do
}

// soon is when a renewal is due, for a certificate that nobody renews by itself.
const soon = 30 * 24 * time.Hour

// appleMost is the longest life of a certificate that Apple's clients accept, also
// from authorities that the user has added.
const appleMost = 825 * 24 * time.Hour

func (r *Report) add(id FindingID, level Level, cert int, text, hint string) {
	r.Findings = append(r.Findings, Finding{id, level, cert, text, hint})
}

func (r *Report) dates(i int, c *x509.Certificate, o InspectOptions) {
	switch {
	case o.Now.After(c.NotAfter):
		r.add(Expired, Problem, i, "it expired on "+day(c.NotAfter), "renew it: sealane cert renew")
	case o.Now.Before(c.NotBefore):
		r.add(NotYetValid, Problem, i, "it is valid only from "+c.NotBefore.UTC().Format("2006-01-02 15:04 MST"), "check the clock of this machine")
	case c.NotAfter.Sub(o.Now) < soon:
		r.add(ExpiresSoon, Note, i, "it expires on "+day(c.NotAfter), "renew it: sealane cert renew")
	}
	if i == 0 && o.Purpose == ForServer && c.NotAfter.Sub(c.NotBefore) > appleMost+2*clockSkew {
		r.add(LongLived, Note, i, "it is made for more than 825 days, which clients on Apple's systems refuse", "make it for less: --days 398")
	}
}

// strength reports whether the key is too large to be computed with.
func (r *Report) strength(i int, c *x509.Certificate) (huge bool) {
	if why := hugeKey(c.PublicKey); why != "" {
		r.add(HugeKey, Problem, i, "it has "+why, "use ECDSA, or RSA with 2048 to 4096 bits")
		huge = true
	} else if why := weakKey(c); why != "" {
		r.add(WeakKey, Problem, i, "it has "+why, "make a new key: sealane cert renew --new-key")
	}
	// That of an authority that is trusted as such does not matter.
	if why := weakSignature(c); why != "" && (i == 0 || string(c.RawIssuer) != string(c.RawSubject)) {
		r.add(WeakSignature, Problem, i, why, "have it signed again, with SHA-256")
	}
	if i == 0 {
		if w := AlgorithmOf(c.PublicKey).Warning(); w != "" {
			r.add(RareKey, Note, i, w, "use ECDSA P-256 where those have to connect")
		}
	}
	return huge
}

// leaf looks at what only the first certificate has to be.
func (r *Report) leaf(c *x509.Certificate, o InspectOptions) {
	if o.Key != nil {
		if err := match([]*x509.Certificate{c}, o.Key); err != nil {
			r.add(WrongKey, Problem, 0, ErrWrongKey.Error(), "give the two files that were made together")
		}
	}
	names := len(c.DNSNames) + len(c.IPAddresses)
	if names == 0 && o.Purpose == ForServer {
		r.add(NoName, Problem, 0, "it has no subject alternative name, and clients do not look at the common name",
			"have it made anew with the names of the server")
	}
	r.badNames(c)
	if o.Host != "" && names > 0 && !covers(c, o.Host) {
		r.add(WrongName, Problem, 0, fmt.Sprintf("it is for %s, and not for %s", Names(c), o.Host), "have it made for that name, or use one of its own")
	}
	if !mayBe(c, o.Purpose) {
		r.add(WrongUse, Problem, 0, "its extended key usage does not allow it to be that of a "+o.Purpose.String(),
			"have it made for that: sealane cert sign, with --client for a client")
	}
	if c.BasicConstraintsValid && c.IsCA {
		r.add(LeafIsAuthority, Problem, 0, "it is the certificate of an authority, and whoever takes the server's key can sign any other",
			"sign one for the server with it: sealane cert new --ca FILE --ca-key FILE")
	}
}

// badNames finds names that programs read differently: a NUL, where one in C stops
// (CVE-2009-3639), or what is invisible on a terminal.
func (r *Report) badNames(c *x509.Certificate) {
	bad := c.Subject.CommonName != "" && strings.IndexFunc(c.Subject.CommonName, unreadable) >= 0
	for _, n := range c.DNSNames {
		bad = bad || !validName(n)
	}
	if bad {
		r.add(BadName, Problem, 0, "a name in it is no name of a host: programs may read it in different ways", "do not trust it; ask who has signed it")
	}
}

// covers leaves wildcards, addresses and the final dot to package x509.
func covers(c *x509.Certificate, host string) bool {
	v := Verifier{Host: host}
	return c.VerifyHostname(v.name()) == nil
}

func mayBe(c *x509.Certificate, p Purpose) bool {
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return true // RFC 5280 §4.2.1.12: no restriction
	}
	for _, u := range c.ExtKeyUsage {
		if u == x509.ExtKeyUsageAny || u == p.usage() {
			return true
		}
	}
	return false
}

// order looks at each certificate and the next one, which must have signed it
// (RFC 5246 §7.4.2; TLS 1.3 wants it still, RFC 8446 §4.4.2).
func (r *Report) order(chain []*x509.Certificate, huge bool) {
	for i, c := range chain[:len(chain)-1] {
		next := chain[i+1]
		if string(c.RawIssuer) == string(c.RawSubject) || string(c.RawIssuer) != string(next.RawSubject) {
			r.add(ChainOrder, Problem, i+1, "it is not the issuer of the certificate before it",
				"put the server's own certificate first, then its issuer, then that one's")
			return
		}
		if huge {
			continue
		}
		var insecure x509.InsecureAlgorithmError // found as WeakSignature
		if err := c.CheckSignatureFrom(next); err != nil && !errors.As(err, &insecure) {
			r.add(BadSignature, Problem, i, "the next one has its issuer's name, and has not signed it", "get the chain anew from the authority")
		}
	}
	last := chain[len(chain)-1]
	if len(chain) > 1 && string(last.RawIssuer) == string(last.RawSubject) {
		r.add(ChainWithRoot, Note, len(chain)-1, "the root is sent along, which no client needs", "leave it out")
	}
}

// trust asks what a client would say that has these roots.
func (r *Report) trust(chain []*x509.Certificate, o InspectOptions) {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	// All uses: mayBe has told about the leaf's.
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: o.Roots, Intermediates: between, CurrentTime: o.Now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err == nil || r.Has(Expired) || r.Has(NotYetValid) || r.Has(ChainOrder) || r.Has(BadSignature) || r.Has(WeakSignature) {
		return
	}
	var unknown x509.UnknownAuthorityError
	var system x509.SystemRootsError
	if !errors.As(err, &unknown) && !errors.As(err, &system) {
		r.add(NotTrusted, Problem, 0, "no chain to an authority holds: "+reason(err), "get the chain anew from the authority")
		return
	}
	level := Problem
	if o.Roots == nil {
		level = Note
	}
	last := chain[len(chain)-1]
	switch {
	case string(last.RawIssuer) != string(last.RawSubject):
		r.add(ChainIncomplete, level, len(chain)-1, "its issuer is neither sent along nor an authority that is trusted: "+nameText(last.Issuer),
			"put the issuer's certificate behind it, or name a private authority with --ca")
	case len(chain) == 1:
		r.add(UnknownAuthority, level, 0, "it is signed by itself", "clients know it by its key: --pin, or by the file: --ca")
	default:
		r.add(UnknownAuthority, level, len(chain)-1, "its authority is not one that is trusted: "+nameText(last.Subject), "name a private authority with --ca")
	}
}

// reason gives the text of package x509 in a bounded length.
func reason(err error) string {
	text := []rune(strings.TrimPrefix(err.Error(), "x509: "))
	return string(text[:min(len(text), 256)])
}
