package ftpserver_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"testing"
)

// spoiler flips a bit in the last byte of every write, once armed.
type spoiler struct {
	net.Conn
	armed bool
}

func (s *spoiler) Write(p []byte) (int, error) {
	if s.armed {
		p = slices.Clone(p)
		p[len(p)-1] ^= 1
	}
	return s.Conn.Write(p)
}

// an upload with a record that does not verify is 426, and nothing of
// it is delivered (RFC 8446 §5.2).
func TestR166SpoiltRecord(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "old"}, nil)
	tlsVersions(t, func(t *testing.T, version uint16) {
		c := connect(t, srv).login()
		addr := c.epsv()
		c.do("STOR f", "150")
		spoilt := &spoiler{Conn: c.dialData(addr)}
		cfg := c.tls.Clone()
		cfg.MaxVersion = version
		s := tls.Client(spoilt, cfg)
		if err := s.Handshake(); err != nil {
			t.Fatal(err)
		}
		spoilt.armed = true
		if _, err := io.WriteString(s, "new"); err != nil {
			t.Fatal(err)
		}
		c.expect("426")
		if got, _ := c.retr("f"); got != "old" {
			t.Errorf("the file is %q", got)
		}
	})
}

// a record above the limit ends the connection, by its length alone
// (RFC 8446 §5.1).
func TestR165LongRecord(t *testing.T) {
	srv := serveTree(t, nil, nil)
	c := connect(t, srv).login()
	if _, err := c.tcp.Write([]byte{0x17, 3, 3, 0x50, 0}); err != nil {
		t.Fatal(err)
	}
	c.expectClosed()
}

// hello takes a ClientHello apart as far as the tests change it.
type hello struct {
	head       []byte // version, random, session id, suites
	methods    []byte
	extensions [][]byte // type, length and body of each
}

// firstHello is what a client with cfg sends first.
func firstHello(t *testing.T, cfg *tls.Config) hello {
	t.Helper()
	here, there := net.Pipe()
	defer there.Close()
	go func() { tls.Client(here, cfg).Handshake(); here.Close() }()
	head := make([]byte, 5)
	if _, err := io.ReadFull(there, head); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(there, b); err != nil {
		t.Fatal(err)
	}
	b = b[4:]
	at := 2 + 32
	at += 1 + int(b[at])
	at += 2 + int(binary.BigEndian.Uint16(b[at:]))
	h := hello{head: b[:at], methods: b[at+1 : at+1+int(b[at])]}
	for b = b[at+1+int(b[at])+2:]; len(b) > 0; {
		n := 4 + int(binary.BigEndian.Uint16(b[2:]))
		h.extensions = append(h.extensions, b[:n])
		b = b[n:]
	}
	return h
}

func (h hello) record() []byte {
	var ext []byte
	for _, e := range h.extensions {
		ext = append(ext, e...)
	}
	body := append(slices.Clone(h.head), byte(len(h.methods)))
	body = append(body, h.methods...)
	body = binary.BigEndian.AppendUint16(body, uint16(len(ext)))
	body = append(body, ext...)
	out := binary.BigEndian.AppendUint16([]byte{0x16, 3, 1}, uint16(len(body)+4))
	out = append(out, 1, 0, byte(len(body)>>8), byte(len(body)))
	return append(out, body...)
}

// without drops the extension of a type.
func (h hello) without(kind uint16) hello {
	h.extensions = slices.DeleteFunc(slices.Clone(h.extensions), func(e []byte) bool { return binary.BigEndian.Uint16(e) == kind })
	return h
}

// Hellos that cannot be answered get a fatal alert, and no command runs:
//
//   - one that offers compression and nothing else (RFC 9325 §3.3);
//   - one with early data (RFC 9325 §3.10);
//   - ones without an extension that TLS 1.3 demands (RFC 8446 §9.2).
func TestR172Hellos(t *testing.T) {
	srv := serveTree(t, nil, nil)
	cfg := srv.ClientTLS()
	cfg.MinVersion = tls.VersionTLS13
	good := firstHello(t, cfg)
	deflate := good
	deflate.methods = []byte{1}
	early := good
	early.extensions = append(slices.Clone(good.extensions), []byte{0, 42, 0, 0})
	for name, bad := range map[string]hello{
		"compression": deflate, "early data": early,
		"no groups": good.without(10), "no signature algorithms": good.without(13),
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, srv)
			c.expect("220")
			c.do("AUTH TLS", "234")
			if _, err := c.tcp.Write(bad.record()); err != nil {
				t.Fatal(err)
			}
			answer := make([]byte, 7)
			if _, err := io.ReadFull(c.r, answer); err != nil || answer[0] != 0x15 || answer[5] != 2 {
				t.Errorf("want a fatal alert, got % x, %v", answer, err)
			}
		})
	}
	t.Run("whole", func(t *testing.T) {
		c := connect(t, srv)
		c.expect("220")
		c.do("AUTH TLS", "234")
		if _, err := c.tcp.Write(good.record()); err != nil {
			t.Fatal(err)
		}
		if kind, err := c.r.ReadByte(); kind != 0x16 || err != nil {
			t.Errorf("want a ServerHello, got %x, %v", kind, err)
		}
	})
}
