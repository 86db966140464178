package certs

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"software.sslmate.com/src/go-pkcs12"
)

// maxIterations bounds the work that all of a PKCS #12 file asks for to turn its
// password into keys. Programs write 2,048 to 600,000, three times; a file of a
// stranger could ask for hours.
const maxIterations = 10_000_000

// ErrPassword means that a PKCS #12 file does not open with the password.
var ErrPassword = errors.New("the password is not that of the file")

// ParsePKCS12 opens a file (RFC 7292) of at most 1 MiB with a key and its
// certificate, whose chain is put behind it. Files of older programs are read too:
// 3DES and RC2, with SHA-1. The errors wrap ErrPassword, ErrBadFile or
// ErrWrongKey.
func ParsePKCS12(data []byte, password string) (key crypto.Signer, chain []*x509.Certificate, err error) {
	if len(data) > maxFile {
		return nil, nil, fmt.Errorf("%w: it is larger than 1 MiB", ErrBadFile)
	}
	if rounds(data, 0) > maxIterations {
		return nil, nil, fmt.Errorf("%w: it asks for more than %d rounds of computing to try a password", ErrBadFile, maxIterations)
	}
	private, leaf, above, err := pkcs12.DecodeChain(data, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, nil, ErrPassword
	}
	if err != nil && (isPEM(data) || kindOfDER(data) != kindPKCS12) {
		return nil, nil, noFileOf("PKCS #12", data)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: it is a PKCS #12 file that is damaged, or of a kind that is not supported", ErrBadFile)
	}
	key, ok := private.(crypto.Signer)
	if !ok {
		return nil, nil, fmt.Errorf("%w: its key is of a kind that cannot sign; use ECDSA, RSA or Ed25519", ErrBadFile)
	}
	chain = inOrder(leaf, above)
	if err := match(chain, key); err != nil {
		return nil, nil, err
	}
	return key, chain, nil
}

// EncodePKCS12 makes a PKCS #12 file of a key and its chain, own certificate
// first: AES-256, PBKDF2 and HMAC with SHA-256. OpenSSL from 1.1.1, Windows from
// Server 2019, macOS from 15 and Java from 8u301 read it. With legacy it is
// 3DES and SHA-1, which the older ones read, and which protects badly: then the
// file itself must be kept as a key is. The errors wrap ErrRequest.
func EncodePKCS12(key crypto.Signer, chain []*x509.Certificate, password string, legacy bool) ([]byte, error) {
	if len(chain) == 0 {
		return nil, fmt.Errorf("%w: a PKCS #12 file needs a certificate", ErrRequest)
	}
	if password == "" {
		return nil, fmt.Errorf("%w: a PKCS #12 file needs a password", ErrRequest)
	}
	if err := match(chain, key); err != nil {
		return nil, err
	}
	encoder := pkcs12.Modern2023
	if legacy {
		encoder = pkcs12.LegacyDES
	}
	data, err := encoder.WithIterations(iterations).Encode(key, chain[0], chain[1:], password)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return data, nil
}

// iterations is the count that OWASP advised in 2023 for PBKDF2 with SHA-256.
const iterations = 600_000

// inOrder puts behind the leaf its issuer, then that one's, and so on; a PKCS #12
// file is a bag. Certificates that are not of the chain are left out.
func inOrder(leaf *x509.Certificate, above []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	for last := leaf; len(chain) < maxChain && string(last.RawIssuer) != string(last.RawSubject); {
		next := issuerIn(last, above)
		if next == nil {
			break
		}
		chain = append(chain, next)
		last = next
	}
	return chain
}

// issuerIn finds who has signed cert, by name and, if there is one, key id: no
// signature is computed.
func issuerIn(cert *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, c := range among {
		if string(c.RawSubject) != string(cert.RawIssuer) || c.Equal(cert) {
			continue
		}
		if len(cert.AuthorityKeyId) == 0 || len(c.SubjectKeyId) == 0 || string(cert.AuthorityKeyId) == string(c.SubjectKeyId) {
			return c
		}
	}
	return nil
}

// rounds walks through DER, and through OCTET STRINGs that hold DER, and adds up
// the INTEGERs behind a salt, which is where all schemes of PKCS #12 have their
// count of rounds (RFC 7292 Appendix C, RFC 8018 Appendix A.2, and the MacData of
// RFC 7292 §4): many small counts cost as much as a large one. It stops beyond the
// bound. Counts inside what is encrypted are known only to who has the password.
func rounds(data []byte, depth int) (sum int) {
	salt := false
	for len(data) > 0 && sum <= maxIterations {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(data, &v)
		if err != nil {
			return sum // not DER: nothing is computed from it
		}
		data = rest
		if v.Class == asn1.ClassUniversal && v.Tag == asn1.TagInteger && salt {
			n := new(big.Int).SetBytes(v.Bytes)
			if n.Cmp(big.NewInt(maxIterations)) > 0 {
				return maxIterations + 1
			}
			sum += int(n.Int64())
		}
		salt = v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOctetString
		if (v.IsCompound || salt) && depth < 32 {
			sum += rounds(v.Bytes, depth+1)
		}
	}
	return sum
}
