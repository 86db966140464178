package certs

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
)

// The smallest keys that are taken (RFC 9325 §4.5, §4.3).
const (
	minRSA   = 2048
	minCurve = 224
)

// weakKey says why the key of a certificate is too weak, or nothing.
func weakKey(cert *x509.Certificate) string {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if n := key.N.BitLen(); n < minRSA {
			return fmt.Sprintf("an RSA key of %d bits, where %d are the least", n, minRSA)
		}
	case *ecdsa.PublicKey:
		if n := key.Curve.Params().BitSize; n < minCurve {
			return fmt.Sprintf("a key on a curve of %d bits, where %d are the least", n, minCurve)
		}
	case ed25519.PublicKey:
	default:
		return "a kind of key that is not used with TLS any more"
	}
	return ""
}

// weakSignature says why the signature under a certificate proves nothing, or
// nothing. It does not matter for an authority that is trusted as such.
func weakSignature(cert *x509.Certificate) string {
	switch cert.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.DSAWithSHA256, x509.ECDSAWithSHA1:
		return fmt.Sprintf("it is signed with %s, which can be forged", cert.SignatureAlgorithm)
	}
	return ""
}

// weakChain says why none of the chains, each with its root last, is strong.
func weakChain(chains [][]*x509.Certificate) string {
	first := ""
	for _, chain := range chains {
		why := ""
		for i, c := range chain {
			if why = weakKey(c); why == "" && i < len(chain)-1 {
				why = weakSignature(c)
			}
			if why != "" {
				break
			}
		}
		if why == "" {
			return ""
		}
		if first == "" {
			first = why
		}
	}
	return first
}
