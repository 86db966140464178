package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// KeyAlgorithm is a kind of key, by the name that commands and files use.
type KeyAlgorithm string

// The kinds of keys that are made (RFC 9325 §4.5: RSA from 2048 bits, elliptic
// curves from 224 bits).
const (
	ECDSAP256 KeyAlgorithm = "ecdsa-p256" // the default
	ECDSAP384 KeyAlgorithm = "ecdsa-p384"
	RSA2048   KeyAlgorithm = "rsa-2048"
	RSA3072   KeyAlgorithm = "rsa-3072"
	RSA4096   KeyAlgorithm = "rsa-4096"
	Ed25519   KeyAlgorithm = "ed25519"
)

// ErrKeyAlgorithm is wrapped by the error about a kind of key that is not made.
var ErrKeyAlgorithm = errors.New("not a kind of key")

// KeyAlgorithms lists the kinds of keys that GenerateKey makes, the default first.
func KeyAlgorithms() []KeyAlgorithm {
	return []KeyAlgorithm{ECDSAP256, ECDSAP384, RSA2048, RSA3072, RSA4096, Ed25519}
}

// ParseKeyAlgorithm reads the name of a kind of key. The error wraps
// ErrKeyAlgorithm and lists the names.
func ParseKeyAlgorithm(s string) (KeyAlgorithm, error) {
	all := KeyAlgorithms()
	if i := slices.Index(all, KeyAlgorithm(strings.ToLower(s))); i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = string(a)
	}
	return "", fmt.Errorf("%q is %w; the kinds are %s", s, ErrKeyAlgorithm, strings.Join(names, ", "))
}

// Warning says which clients cannot use a key of this kind, or nothing.
func (a KeyAlgorithm) Warning() string {
	if a == Ed25519 {
		return "web browsers, Windows' own TLS, FileZilla Server before 1.8 and most TLS 1.2 clients do not take Ed25519 certificates"
	}
	return ""
}

// GenerateKey makes a key. The empty kind is ECDSAP256. An RSA key of 4096 bits
// can take some seconds.
func GenerateKey(a KeyAlgorithm) (crypto.Signer, error) {
	switch a {
	case "", ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	_, err := ParseKeyAlgorithm(string(a))
	return nil, err
}

// AlgorithmOf gives the kind of a key, or of a public key, or "" if it is none
// that GenerateKey makes.
func AlgorithmOf(key any) KeyAlgorithm {
	if s, ok := key.(crypto.Signer); ok {
		key = s.Public()
	}
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return ECDSAP256
		case elliptic.P384():
			return ECDSAP384
		}
	case *rsa.PublicKey:
		if a := KeyAlgorithm(fmt.Sprintf("rsa-%d", k.N.BitLen())); slices.Contains(KeyAlgorithms(), a) {
			return a
		}
	case ed25519.PublicKey:
		return Ed25519
	}
	return ""
}

// maxRSA bounds the keys that are computed with: the work grows with the cube of
// their size, and a stranger chooses it. crypto/tls has the same bound.
const maxRSA = 8192

// hugeKey says why a public key is not computed with, or nothing.
func hugeKey(public any) string {
	if k, ok := public.(*rsa.PublicKey); ok && k.N.BitLen() > maxRSA {
		return fmt.Sprintf("an RSA key of %d bits, where %d are the most", k.N.BitLen(), maxRSA)
	}
	return ""
}

// keyText describes a public key to people.
func keyText(public any) string {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "of an unknown kind"
}
