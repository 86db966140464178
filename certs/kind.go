package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strings"
)

const privateKey = "private key"

func isPEM(data []byte) bool { return bytes.Contains(data, []byte("-----BEGIN")) }

// noFileOf is the error of a file that holds no such thing, and says what it is instead: files
// are mixed up, and come in the forms of other programs.
func noFileOf(what string, data []byte) error {
	is := kindOfDER(data)
	if isPEM(data) {
		is = kindOfPEM(data)
	}
	advice := map[string]string{
		kindRequest:   "; an authority makes the certificate of it: sealane cert sign",
		kindPKCS12:    "; sealane cert import takes certificate and key out of it",
		kindPKCS7:     "; openssl pkcs7 -print_certs -in FILE -out NEWFILE takes the certificates out of it, -inform DER if it is binary",
		kindLockedKey: "; openssl pkey -in FILE -out NEWFILE opens it, if it is to be used",
	}[is]
	switch {
	case is == kindLockedKey && what == privateKey:
		return fmt.Errorf("%w: the key is locked by a passphrase; remove it with openssl pkey -in FILE -out NEWFILE", ErrBadFile)
	case advice == "":
		advice = "; check the path"
	}
	return fmt.Errorf("%w: it is %s, and no %s is in it%s", ErrBadFile, is, what, advice)
}

// What a file can be.
const (
	kindEmpty     = "empty"
	kindUnknown   = "neither PEM nor DER"
	kindRequest   = "a request"
	kindPKCS12    = "a PKCS #12 file"
	kindPKCS7     = "a PKCS #7 file"
	kindLockedKey = "a private key with a passphrase"
	kindKey       = "a private key"
)

// kindOfPEM goes by the first block.
func kindOfPEM(data []byte) string {
	b, _ := pem.Decode(data)
	if b == nil {
		return "a PEM file that is cut off or damaged"
	}
	switch {
	case b.Type == "CERTIFICATE":
		return "a certificate"
	case strings.HasSuffix(b.Type, "CERTIFICATE REQUEST"):
		return kindRequest
	case b.Type == "ENCRYPTED PRIVATE KEY", b.Headers["DEK-Info"] != "":
		return kindLockedKey
	case strings.HasSuffix(b.Type, "PRIVATE KEY"):
		return kindKey // that of OpenSSH, too
	case strings.HasSuffix(b.Type, "PUBLIC KEY"):
		return "a public key"
	case b.Type == "PKCS7", b.Type == "CMS":
		return kindPKCS7
	case b.Type == "X509 CRL":
		return "a list of revoked certificates"
	}
	return fmt.Sprintf("a PEM file of type %.40q", b.Type)
}

// kindOfDER recognizes by the outermost layer, or by package x509.
func kindOfDER(data []byte) string {
	var (
		pfx struct { // RFC 7292 §4
			Version int
			Safe    struct {
				Type    asn1.ObjectIdentifier
				Content asn1.RawValue
			}
			MAC asn1.RawValue `asn1:"optional"`
		}
		cms struct { // RFC 5652 §3
			Type    asn1.ObjectIdentifier
			Content asn1.RawValue
		}
		locked struct { // RFC 5958 §3
			Algorithm struct {
				Algorithm  asn1.ObjectIdentifier
				Parameters asn1.RawValue
			}
			Data []byte
		}
	)
	is := func(v any) bool {
		rest, err := asn1.Unmarshal(data, v)
		return err == nil && len(rest) == 0
	}
	_, key := keyOf(data)
	_, notCert := x509.ParseCertificate(data)
	_, notRequest := x509.ParseCertificateRequest(data)
	_, notList := x509.ParseRevocationList(data)
	_, notPublic := x509.ParsePKIXPublicKey(data)
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return kindEmpty
	case key:
		return kindKey
	case notCert == nil:
		return "a certificate"
	case notRequest == nil:
		return kindRequest
	case notList == nil:
		return "a list of revoked certificates"
	case notPublic == nil:
		return "a public key"
	case is(&pfx):
		return kindPKCS12
	case is(&cms):
		return kindPKCS7
	case is(&locked):
		return kindLockedKey
	}
	return kindUnknown
}

// because tells the cause of an error, as far as it is in words for people: those of
// package asn1 are not.
type because struct{ error }

func (b because) Unwrap() error { return b.error }

func (b because) Error() string {
	text := strings.TrimPrefix(b.error.Error(), "x509: ")
	if strings.Contains(text, "asn1") || strings.Contains(text, "malformed") {
		return "; it is damaged"
	}
	return ": " + text
}
