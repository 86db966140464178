package ftpclient_test

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// byHand sends the records of a server's control connection in place of crypto/tls, which
// never sends a KeyUpdate. It still reads what the client sends.
type byHand struct {
	*ftptest.Session
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

// keyLog makes the server's secrets known, once the script has shaken hands. aes reports
// then whether byHand has the cipher: crypto/tls prefers another on machines without AES.
func keyLog(h *ftptest.Hostile, opt *ftpclient.Options) (log *bytes.Buffer, aes func() bool) {
	var suite uint16
	opt.Verify = func(cs tls.ConnectionState) error { suite = cs.CipherSuite; return nil }
	log = &bytes.Buffer{}
	h.DataTLS = h.TLS.Clone()
	h.TLS.KeyLogWriter = log
	h.TLS.SessionTicketsDisabled = true // they would be records too
	return log, func() bool { return suite == tls.TLS_AES_128_GCM_SHA256 }
}

// takeOver begins right behind the handshake.
func takeOver(s *ftptest.Session, log *bytes.Buffer) *byHand {
	if s.TLS().CipherSuite != tls.TLS_AES_128_GCM_SHA256 {
		s.Stop()
	}
	b := &byHand{Session: s}
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if words := strings.Fields(lines.Text()); words[0] == "SERVER_TRAFFIC_SECRET_0" {
			secret, err := hex.DecodeString(words[2])
			if err != nil {
				s.Failf("%v", err)
			}
			b.restart(secret)
		}
	}
	return b
}

// restart begins with a secret (RFC 8446 §7.3).
func (b *byHand) restart(secret []byte) {
	b.secret, b.seq = secret, 0
	block, err := aes.NewCipher(b.expand("key", 16))
	if err == nil {
		b.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		b.Failf("%v", err)
	}
	b.iv = b.expand("iv", 12)
}

// expand is HKDF-Expand-Label without a context (RFC 8446 §7.1).
func (b *byHand) expand(label string, n int) []byte {
	label = "tls13 " + label
	info := append(binary.BigEndian.AppendUint16(nil, uint16(n)), byte(len(label)))
	out, err := hkdf.Expand(sha256.New, b.secret, string(info)+label+"\x00", n)
	if err != nil {
		b.Failf("%v", err)
	}
	return out
}

// record seals one record (RFC 8446 §5.2).
func (b *byHand) record(kind byte, text string) {
	nonce := bytes.Clone(b.iv)
	for i, x := range binary.BigEndian.AppendUint64(nil, b.seq) {
		nonce[4+i] ^= x
	}
	b.seq++
	head := binary.BigEndian.AppendUint16([]byte{23, 3, 3}, uint16(len(text)+1+b.aead.Overhead()))
	b.SendClear(string(b.aead.Seal(head, nonce, append([]byte(text), kind), head)))
}

func (b *byHand) reply(line string) { b.record(23, line+"\r\n") }

func (b *byHand) answer(pattern, line string) {
	b.Expect(pattern)
	b.reply(line)
}

// keyUpdate changes the server's keys, and asks for those of the client to change.
func (b *byHand) keyUpdate() {
	b.record(22, "\x18\x00\x00\x01\x01")
	b.restart(b.expand("traffic upd", sha256.Size))
}

func (b *byHand) user() {
	b.answer("USER "+ftptest.User, "331 password")
	b.answer("PASS "+ftptest.Password, "230 in")
	b.answer("PBSZ 0", "200 ok")
	b.answer("PROT P", "200 ok")
	b.answer("FEAT", "500 no")
	b.answer("TYPE I", "200 ok")
}

// a KeyUpdate of the server is answered, however long ago the last command was
// sent: the time limit of that command is not that of the answer, which crypto/tls
// sends while it reads.
func TestKeyUpdateLongAfterCommand_R164(t *testing.T) {
	var log *bytes.Buffer
	against(t, func(s *ftptest.Session) {
		s.Greet()
		b := takeOver(s, log)
		b.user()
		b.Expect("EPSV")
		b.reply(fmt.Sprintf("229 Entering extended passive mode (|||%d|)", b.Listen()))
		b.answer("RETR /f", "150 here it comes")
		d := b.Data()
		for range 6 { // longer than the limit, and never so long that nothing comes
			time.Sleep(ftpclient.DefaultTimeout / 3)
			d.Send("data")
		}
		b.keyUpdate()
		b.keyUpdate()
		d.End()
		b.reply("226 done")
		for range 3 {
			b.answer("NOOP", "200 ok")
			b.keyUpdate()
		}
	}, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
		var aes func() bool
		log, aes = keyLog(h, &opt)
		c, err := ftpclient.Dial(t.Context(), h.URL(), opt)
		if err != nil && !aes() {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var got bytes.Buffer
		if _, err := c.Retrieve(t.Context(), "/f", 0, &got); err != nil || got.String() != strings.Repeat("data", 6) {
			t.Fatalf("%q, %v", got.String(), err)
		}
		for range 3 {
			survives(t, c)
		}
	})
}

// T-18, V-92: a server that has the client answer KeyUpdates and reads none of the answers
// is given up, also if the client has not said a word under TLS yet.
func TestKeyUpdateAnswersNotRead_T18(t *testing.T) {
	var log *bytes.Buffer
	against(t, func(s *ftptest.Session) {
		s.StartTLS()
		b := takeOver(s, log)
		for sent := 0; sent < 100_000; sent++ {
			if sent%16 == 0 {
				b.record(23, "2")
			}
			b.keyUpdate()
		}
	}, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
		log, _ = keyLog(h, &opt)
		u := h.URL()
		u.Security = ftp.Implicit
		begun := time.Now() // by the bubble's clock
		_, err := ftpclient.Dial(t.Context(), u, opt)
		wantKind(t, err)
		if took := time.Since(begun); took > 2*ftpclient.DefaultTimeout {
			t.Errorf("given up after %v: %v", took, err)
		}
	})
}
