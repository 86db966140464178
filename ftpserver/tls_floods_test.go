package ftpserver_test

import (
	"io"
	"strings"
	"testing"

	"github.com/sealane/sealane/ftptest"
)

// secured is a session with the version of TLS.
func secured(t *testing.T, srv *ftptest.Server, version uint16) *rawClient {
	t.Helper()
	c := connectFrom(t, srv, srv.ImplicitAddr, "")
	c.tls.MinVersion, c.tls.MaxVersion = version, version
	c.handshake()
	c.expect("220")
	return c
}

// T-18: a command may come in records of one byte each.
func TestT18RecordsOfOneByte(t *testing.T) {
	srv := serveTree(t, nil, nil)
	tlsVersions(t, func(t *testing.T, version uint16) {
		c := secured(t, srv, version)
		for _, b := range strings.Repeat("NOOP\r\n", 50) {
			c.write(string(b))
		}
		for range 50 {
			c.expect("200")
		}
	})
}

// T-18: records that are no records of TLS, and handshake records in the middle of a
// session that ask for a new negotiation (RFC 5746), end the session.
func TestT18ForgedRecords(t *testing.T) {
	srv := serveTree(t, nil, nil)
	tlsVersions(t, func(t *testing.T, version uint16) {
		for name, record := range map[string]string{
			"an empty record in clear":  "\x17\x03\x03\x00\x00",
			"a ClientHello in clear":    "\x16\x03\x03\x00\x04\x01\x00\x00\x00",
			"a KeyUpdate in clear":      "\x16\x03\x03\x00\x05\x18\x00\x00\x01\x00",
			"change_cipher_spec, often": strings.Repeat("\x14\x03\x03\x00\x01\x01", 100),
		} {
			c := secured(t, srv, version)
			if _, err := c.tcp.Write([]byte(record)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(c.r); err == nil {
				t.Errorf("%s: the session ended as if nothing was wrong", name)
			}
		}
	})
}
