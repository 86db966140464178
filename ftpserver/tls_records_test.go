package ftpserver_test

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// The types of records and handshake messages that the tests send by hand (RFC 8446 §5.1, §4).
const (
	recordAlert     = 21
	recordHandshake = 22
	recordData      = 23

	messageHelloRequest = 0
	messageClientHello  = 1
	messageTicket       = 4
	messageKeyUpdate    = 24
)

const alertUnexpectedMessage = tls.AlertError(10)

// recordLayer is a TLS connection whose handshake crypto/tls made, and whose records are
// the test's own: sealed with the right keys, and such as crypto/tls never sends.
type recordLayer struct {
	net.Conn
	version uint16
	out, in direction
	head    bytes.Buffer // what the server sent first, up to the ServerHello

	left    []byte // of the last record, not yet read
	updates int    // KeyUpdates of the server
}

// direction is the keys of one way (RFC 8446 §7.3, RFC 5288 §3).
type direction struct {
	hash   func() hash.Hash
	secret []byte // TLS 1.3
	size   int    // of the key
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

// wholeRecords gives crypto/tls no byte beyond the record that it reads, so that all that
// comes behind the handshake is left to the test.
type wholeRecords struct {
	net.Conn
	left int    // of the record
	head []byte // its header, not yet given
	seen *bytes.Buffer
}

func (w *wholeRecords) Read(p []byte) (int, error) {
	if w.left == 0 && len(w.head) == 0 {
		w.head = make([]byte, 5)
		if _, err := io.ReadFull(w.Conn, w.head); err != nil {
			return 0, err
		}
		w.left = int(binary.BigEndian.Uint16(w.head[3:]))
	}
	if len(w.head) > 0 {
		n := copy(p, w.head)
		w.head = w.head[n:]
		w.seen.Write(p[:n])
		return n, nil
	}
	n, err := w.Conn.Read(p[:min(len(p), w.left)])
	w.left -= n
	w.seen.Write(p[:n])
	return n, err
}

// byHand shakes hands on conn as cfg says, and leaves the records to the test.
func byHand(t testing.TB, conn net.Conn, cfg *tls.Config) (*recordLayer, *tls.Conn) {
	t.Helper()
	cfg = cfg.Clone()
	var log bytes.Buffer
	cfg.KeyLogWriter = &log
	cfg.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	l := &recordLayer{Conn: conn}
	s := tls.Client(&wholeRecords{Conn: conn, seen: &l.head}, cfg)
	if err := s.Handshake(); err != nil {
		t.Fatalf("handshake: %v", err)
	}
	state := s.ConnectionState()
	l.version = state.Version
	secrets := map[string][]string{}
	for line := range strings.Lines(log.String()) {
		if words := strings.Fields(line); len(words) == 3 {
			secrets[words[0]] = words[1:]
		}
	}
	if l.version == tls.VersionTLS13 {
		l.out, l.in = direction{hash: sha256.New, size: 16}, direction{hash: sha256.New, size: 16}
		switch state.CipherSuite {
		case tls.TLS_AES_128_GCM_SHA256:
		case tls.TLS_AES_256_GCM_SHA384:
			l.out, l.in = direction{hash: sha512.New384, size: 32}, direction{hash: sha512.New384, size: 32}
		default:
			t.Skipf("no AES on this machine: %s", tls.CipherSuiteName(state.CipherSuite))
		}
		l.out.restart(unhex(t, secrets["CLIENT_TRAFFIC_SECRET_0"][1]))
		l.in.restart(unhex(t, secrets["SERVER_TRAFFIC_SECRET_0"][1]))
		return l, s
	}
	random := unhex(t, secrets["CLIENT_RANDOM"][0])
	serverRandom := l.head.Bytes()[5+4+2:][:32]
	block := expand12(unhex(t, secrets["CLIENT_RANDOM"][1]), "key expansion", slices.Concat(serverRandom, random), 2*16+2*4)
	l.out = direction{aead: gcm(block[:16]), iv: block[32:36], seq: 1} // Finished was the first
	l.in = direction{aead: gcm(block[16:32]), iv: block[36:40], seq: 1}
	return l, s
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// expand12 is the PRF of TLS 1.2 (RFC 5246 §5).
func expand12(secret []byte, label string, seed []byte, n int) []byte {
	mac := func(parts ...[]byte) []byte {
		h := hmac.New(sha256.New, secret)
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	seed = append([]byte(label), seed...)
	var out []byte
	for a := mac(seed); len(out) < n; a = mac(a) {
		out = append(out, mac(a, seed)...)
	}
	return out[:n]
}

// expand13 is HKDF-Expand-Label without a context (RFC 8446 §7.1).
func (d *direction) expand13(label string, n int) []byte {
	label = "tls13 " + label
	info := append(binary.BigEndian.AppendUint16(nil, uint16(n)), byte(len(label)))
	out, err := hkdf.Expand(d.hash, d.secret, string(append(append(info, label...), 0)), n)
	if err != nil {
		panic(err)
	}
	return out
}

// restart begins with a secret of TLS 1.3.
func (d *direction) restart(secret []byte) {
	d.secret, d.seq = secret, 0
	d.aead, d.iv = gcm(d.expand13("key", d.size)), d.expand13("iv", 12)
}

// next is the secret behind a KeyUpdate (RFC 8446 §7.2).
func (d *direction) next() { d.restart(d.expand13("traffic upd", d.hash().Size())) }

// nonce gives that of the next record.
func (d *direction) nonce() []byte {
	seq := binary.BigEndian.AppendUint64(nil, d.seq)
	d.seq++
	if len(d.iv) == 4 { // the explicit one of TLS 1.2; we take the number
		return append(slices.Clone(d.iv), seq...)
	}
	n := slices.Clone(d.iv)
	for i := range seq {
		n[4+i] ^= seq[i]
	}
	return n
}

// seal makes a record.
func (l *recordLayer) seal(kind byte, text []byte) []byte {
	seq := binary.BigEndian.AppendUint64(nil, l.out.seq)
	nonce := l.out.nonce()
	if l.version == tls.VersionTLS13 {
		head := binary.BigEndian.AppendUint16([]byte{recordData, 3, 3}, uint16(len(text)+1+16))
		return l.out.aead.Seal(head, nonce, append(slices.Clone(text), kind), head)
	}
	head := binary.BigEndian.AppendUint16([]byte{kind, 3, 3}, uint16(8+len(text)+16))
	ad := binary.BigEndian.AppendUint16(append(seq, kind, 3, 3), uint16(len(text)))
	return l.out.aead.Seal(append(head, nonce[4:]...), nonce, text, ad)
}

func (l *recordLayer) send(kind byte, text []byte) error {
	_, err := l.Conn.Write(l.seal(kind, text))
	return err
}

// Write sends data, in records of at most 16 KiB.
func (l *recordLayer) Write(p []byte) (int, error) {
	for part := range slices.Chunk(p, 1<<14) {
		if err := l.send(recordData, part); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// message makes a handshake message.
func message(kind byte, body ...byte) []byte {
	return append([]byte{kind, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
}

// keyUpdate changes our keys, and asks for those of the server to change, or not.
func (l *recordLayer) keyUpdate(ask bool) error {
	request := byte(0)
	if ask {
		request = 1
	}
	err := l.send(recordHandshake, message(messageKeyUpdate, request))
	l.out.next()
	return err
}

// closeNotify ends our direction.
func (l *recordLayer) closeNotify() error { return l.send(recordAlert, []byte{1, 0}) }

// alertReceived is the alert of the server that ended the connection.
type alertReceived tls.AlertError

func (a alertReceived) Error() string { return "alert of the server: " + tls.AlertError(a).Error() }

// record reads one record of the server.
func (l *recordLayer) record() (kind byte, text []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(l.Conn, head); err != nil {
		return 0, nil, err
	}
	body := make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(l.Conn, body); err != nil {
		return 0, nil, err
	}
	seq := binary.BigEndian.AppendUint64(nil, l.in.seq)
	if l.version != tls.VersionTLS13 {
		l.in.seq++
		ad := binary.BigEndian.AppendUint16(append(seq, head[:3]...), uint16(len(body)-8-16))
		text, err = l.in.aead.Open(nil, append(slices.Clone(l.in.iv), body[:8]...), body[8:], ad)
		return head[0], text, err
	}
	if text, err = l.in.aead.Open(nil, l.in.nonce(), body, head); err != nil {
		return 0, nil, err
	}
	return text[len(text)-1], text[:len(text)-1], nil
}

// next reads a record and does what it says; of alerts it makes errors.
func (l *recordLayer) next() error {
	kind, text, err := l.record()
	switch {
	case err != nil:
		return err
	case kind == recordData:
		l.left = text
	case kind == recordAlert && text[1] == 0:
		return io.EOF
	case kind == recordAlert:
		return alertReceived(text[1])
	case kind == recordHandshake && text[0] == messageKeyUpdate:
		l.updates++
		l.in.next()
	case kind == recordHandshake && text[0] == messageTicket:
	default:
		return fmt.Errorf("an unexpected record: type %d, % x", kind, text)
	}
	return nil
}

func (l *recordLayer) Read(p []byte) (int, error) {
	for len(l.left) == 0 {
		if err := l.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}

// handshakeByHand changes the control connection to TLS whose records are the test's.
func (c *rawClient) handshakeByHand() *recordLayer {
	c.t.Helper()
	l, _ := byHand(c.t, c.tcp, c.tls)
	c.conn, c.r = l, bufio.NewReader(l)
	return l
}

// securedByHand is a session, not logged in, with the version of TLS.
func securedByHand(t testing.TB, c *rawClient, version uint16) *recordLayer {
	t.Helper()
	c.tls.MinVersion, c.tls.MaxVersion = version, version
	c.expect("220")
	c.do("AUTH TLS", "234")
	return c.handshakeByHand()
}
