package certs

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"time"
)

// Report is what Inspect sees in a chain. Its texts are a stranger's: escape them
// before they are shown on a terminal.
type Report struct {
	Certificates []Details `json:"certificates"`
	Findings     []Finding `json:"findings"`
}

// Problems reports whether one of the findings is more than a note.
func (r Report) Problems() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Level == Problem })
}

// Has reports whether there is a finding of that kind.
func (r Report) Has(id FindingID) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.ID == id })
}

// Details describes one certificate.
type Details struct {
	Subject     string       `json:"subject"`
	Issuer      string       `json:"issuer"`
	SelfSigned  bool         `json:"self_signed"` // by its names; the signature may be wrong
	Authority   bool         `json:"authority"`   // may sign others
	Names       []string     `json:"names"`       // DNS names, addresses, e-mail: at most 100
	MoreNames   int          `json:"more_names,omitempty"`
	Uses        []string     `json:"uses"` // "server", "client", "any", or object identifiers
	NotBefore   time.Time    `json:"not_before"`
	NotAfter    time.Time    `json:"not_after"`
	Key         string       `json:"key"` // such as "ECDSA P-256"
	Algorithm   KeyAlgorithm `json:"key_type,omitempty"`
	Signature   string       `json:"signature"` // such as "ECDSA-SHA256"
	Serial      string       `json:"serial"`    // hexadecimal
	Fingerprint string       `json:"sha256"`    // of the certificate
	Pin         string       `json:"pin"`       // of the key, for --pin
}

// InspectOptions says what is expected of a chain. The zero value expects a
// server's certificate and looks at no name and no key.
type InspectOptions struct {
	Purpose Purpose
	// Host is the name or address that clients use; empty looks at no name.
	Host string
	// Key, if there is one, must be that of the first certificate.
	Key crypto.Signer
	// Roots are the authorities that clients trust; nil means those of the
	// system, which know no private authority: then one that is not known is a
	// note and no problem.
	Roots *x509.CertPool
	// Now is the time to judge by; zero is the present.
	Now time.Time
}

// Inspect describes a chain, own certificate first, and says what is wrong with
// it. It looks at no more than 16 certificates and 100 names of each, and
// computes with no RSA key of more than 8192 bits, so that a chain from a
// stranger costs little. It does no network access.
func Inspect(chain []*x509.Certificate, o InspectOptions) Report {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	r := Report{Certificates: []Details{}, Findings: []Finding{}}
	if len(chain) == 0 {
		r.add(NoCertificate, Problem, 0, "there is no certificate", "give a file, or a server, that has one")
		return r
	}
	if len(chain) > maxChain {
		r.add(ChainTooLong, Problem, maxChain, fmt.Sprintf("the chain has %d certificates, of which only %d are looked at", len(chain), maxChain),
			"leave out what is not an issuer of the first one")
		chain = chain[:maxChain]
	}
	huge := false
	for i, c := range chain {
		r.Certificates = append(r.Certificates, describe(c))
		r.dates(i, c, o)
		huge = r.strength(i, c) || huge
	}
	r.leaf(chain[0], o)
	r.order(chain, huge)
	if !huge {
		r.trust(chain, o)
	}
	return r
}

// Describe gives the details of one certificate.
func describe(c *x509.Certificate) Details {
	d := Details{
		Subject: nameText(c.Subject), Issuer: nameText(c.Issuer),
		SelfSigned: string(c.RawIssuer) == string(c.RawSubject),
		Authority:  c.BasicConstraintsValid && c.IsCA,
		Names:      append(hostsOf(c.DNSNames, c.IPAddresses), c.EmailAddresses...),
		NotBefore:  c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		Key: keyText(c.PublicKey), Algorithm: AlgorithmOf(c.PublicKey),
		Signature: c.SignatureAlgorithm.String(), Serial: fmt.Sprintf("%X", c.SerialNumber),
		Fingerprint: Fingerprint(c), Pin: PinSPKI(c),
	}
	if d.Names == nil {
		d.Names = []string{}
	}
	if n := len(d.Names) - maxSubjects; n > 0 {
		d.Names, d.MoreNames = d.Names[:maxSubjects], n
	}
	d.Uses = uses(c)
	return d
}

// nameText cuts a name, which a stranger can make as long as the certificate.
func nameText(n pkix.Name) string {
	const most = 256
	n.Names = nil // only what is known by name, and each part once
	text := []rune(n.String())
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

func uses(c *x509.Certificate) []string {
	out := []string{}
	for _, u := range c.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageServerAuth:
			out = append(out, ForServer.String())
		case x509.ExtKeyUsageClientAuth:
			out = append(out, ForClient.String())
		case x509.ExtKeyUsageAny:
			out = append(out, "any")
		default:
			out = append(out, u.OID().String())
		}
	}
	for _, u := range c.UnknownExtKeyUsage {
		out = append(out, u.String())
	}
	return out[:min(len(out), 16)]
}
