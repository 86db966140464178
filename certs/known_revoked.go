package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ocsp"
)

// maxRevocationFile bounds a file of revocation lists; those of large
// authorities have some MiB.
const maxRevocationFile = 64 << 20

// ErrStale means that a list of revoked certificates is older than its own date
// of the next one.
var ErrStale = errors.New("the list of revoked certificates is out of date")

// LoadRevocationLists reads a file of certificate revocation lists (RFC 5280 §5),
// in PEM (X509 CRL) or one in DER. It refuses one that is out of date at the time
// now with ErrStale, since it does not tell what was revoked since, and what it
// cannot read with ErrBadFile. Who has signed a list is looked at when it is used.
func LoadRevocationLists(name string, now time.Time) ([]*x509.RevocationList, error) {
	data, err := readUpTo(name, maxRevocationFile)
	if err != nil {
		return nil, err
	}
	var lists []*x509.RevocationList
	add := func(der []byte) error {
		l, err := x509.ParseRevocationList(der)
		if err != nil {
			return fmt.Errorf("%s: %w: list %d in it cannot be parsed: %w", name, ErrBadFile, len(lists)+1, err)
		}
		if !l.NextUpdate.IsZero() && now.After(l.NextUpdate) {
			return fmt.Errorf("%s: %w: the next one was due on %s", name, ErrStale, day(l.NextUpdate))
		}
		lists = append(lists, l)
		return nil
	}
	if !bytes.Contains(data, []byte("-----BEGIN ")) {
		if err := add(data); err != nil {
			return nil, err
		}
		return lists, nil
	}
	blocks, err := pemBlocks(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, b := range blocks {
		if b.Type != "X509 CRL" {
			continue
		}
		if err := add(b.Bytes); err != nil {
			return nil, err
		}
	}
	if len(lists) == 0 {
		return nil, fmt.Errorf("%s: %w: no PEM block of type X509 CRL is in it; check the path", name, ErrBadFile)
	}
	return lists, nil
}

// revoked looks the certificates of the server up in the lists, and its own in
// the OCSP response that the server has sent along (RFC 6066 §8). Where no chain
// was verified, those that were sent are taken for it: a list or response counts
// only if the issuer's key has signed it.
func (v *Verifier) revoked(cs tls.ConnectionState, chains [][]*x509.Certificate) (when time.Time, ok bool) {
	all := cs.PeerCertificates
	for _, chain := range chains {
		all = append(all[:len(all):len(all)], chain...)
	}
	for _, list := range v.Revoked {
		if !signedByOne(list, all) {
			continue
		}
		for _, c := range all {
			if !bytes.Equal(c.RawIssuer, list.RawIssuer) {
				continue
			}
			for _, entry := range list.RevokedCertificateEntries {
				if entry.SerialNumber.Cmp(c.SerialNumber) == 0 {
					return entry.RevocationTime, true
				}
			}
		}
	}
	leaf := all[0]
	for _, issuer := range all {
		if len(cs.OCSPResponse) == 0 || !bytes.Equal(issuer.RawSubject, leaf.RawIssuer) {
			continue
		}
		r, err := ocsp.ParseResponseForCert(cs.OCSPResponse, leaf, issuer)
		if err == nil && r.Status == ocsp.Revoked {
			return r.RevokedAt, true
		}
	}
	return time.Time{}, false
}

func signedByOne(list *x509.RevocationList, issuers []*x509.Certificate) bool {
	for _, c := range issuers {
		if bytes.Equal(c.RawSubject, list.RawIssuer) && list.CheckSignatureFrom(c) == nil {
			return true
		}
	}
	return false
}
