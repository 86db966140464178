package ftpserver

import (
	"bytes"
	"crypto/fips140"
	"crypto/tls"
	"encoding/binary"
	"slices"
	"time"

	"github.com/sealane/sealane/internal/dataconn"
)

// ticketMark tells what we put into SessionState.Extra from what others put there.
const ticketMark = "sealane-session:"

// ticketLife is how long crypto/tls resumes with a ticket of TLS 1.3 at most (RFC
// 8446 §4.6.1).
const ticketLife = 7 * 24 * time.Hour

// proof is what a ticket says, to us alone: it is sealed.
type proof struct {
	id sessionID // of the session that issued it
	// hybrid says that the secret of the ticket came out of a key exchange that a
	// quantum computer does not break, there or in a handshake before it.
	hybrid bool
	suite  uint16    // of the connection that issued it
	issued time.Time // to the second
}

// proofSize is that of a proof behind its mark.
const proofSize = len(sessionID{}) + 1 + 2 + 8

func (p proof) append(b []byte) []byte {
	b = append(append(b, ticketMark...), p.id[:]...)
	hybrid := byte(0)
	if p.hybrid {
		hybrid = 1
	}
	b = append(b, hybrid)
	b = binary.BigEndian.AppendUint16(b, p.suite)
	return binary.BigEndian.AppendUint64(b, uint64(p.issued.Unix()))
}

// proofOf finds our proof among what a ticket carries.
func proofOf(ss *tls.SessionState) (proof, bool) {
	for _, extra := range ss.Extra {
		raw, ours := bytes.CutPrefix(extra, []byte(ticketMark))
		if !ours || len(raw) != proofSize {
			continue
		}
		id, raw := sessionID(raw[:len(sessionID{})]), raw[len(sessionID{}):]
		return proof{
			id: id, hybrid: raw[0] == 1, suite: binary.BigEndian.Uint16(raw[1:]),
			issued: time.Unix(int64(binary.BigEndian.Uint64(raw[3:])), 0),
		}, true
	}
	return proof{}, false
}

func isHybrid(group tls.CurveID) bool {
	return group == tls.X25519MLKEM768 || group == tls.SecP256r1MLKEM768 || group == tls.SecP384r1MLKEM1024
}

// mayShare reports whether a data connection may do with X25519 alone, because the
// ticket that its client shows brings the protection of the hybrid exchange that it
// came from (docs/design/0004-x25519-on-data.md): if crypto/tls will not refuse
// the ticket for another reason, and if the client has sent the share already, so
// that no HelloRetryRequest becomes necessary.
func (p proof) mayShare(hello *tls.ClientHelloInfo, peeked dataconn.Hello, now time.Time) bool {
	// X25519 is none of the groups of FIPS 140.
	return p.hybrid && !fips140.Enabled() && peeked.DHE && now.Sub(p.issued) < ticketLife-time.Hour &&
		slices.Contains(hello.SupportedVersions, tls.VersionTLS13) &&
		slices.Contains(hello.SupportedCurves, tls.X25519) &&
		slices.Contains(peeked.Shares, tls.X25519) &&
		keepsHash(p.suite, hello.CipherSuites)
}

// keepsHash reports whether crypto/tls is sure to choose a suite with the hash of
// the ticket's, without which it refuses the ticket. It prefers AES-128 to AES-256,
// and ChaCha20 to both or to neither.
func keepsHash(ticket uint16, offered []uint16) bool {
	has := func(suite uint16) bool { return slices.Contains(offered, suite) }
	switch ticket {
	case tls.TLS_AES_128_GCM_SHA256, tls.TLS_CHACHA20_POLY1305_SHA256:
		return has(tls.TLS_AES_128_GCM_SHA256) || !has(tls.TLS_AES_256_GCM_SHA384)
	case tls.TLS_AES_256_GCM_SHA384:
		return !has(tls.TLS_AES_128_GCM_SHA256) && !has(tls.TLS_CHACHA20_POLY1305_SHA256)
	}
	return false
}
