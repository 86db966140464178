package ftpserver_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sealane/sealane/ftpserver"
)

// wireConn lets a test meddle with what a TLS client sends and gets.
type wireConn struct {
	*net.TCPConn
	hold  bool   // keep what is written in held instead of sending it
	held  []byte // TLS records
	forge []byte // to be read next, in place of what the server sends
}

func (w *wireConn) Write(b []byte) (int, error) {
	if w.hold {
		w.held = append(w.held, b...)
		return len(b), nil
	}
	return w.TCPConn.Write(b)
}

func (w *wireConn) Read(b []byte) (int, error) {
	if len(w.forge) > 0 {
		n := copy(b, w.forge)
		w.forge = w.forge[n:]
		return n, nil
	}
	return w.TCPConn.Read(b)
}

// CloseWrite of a tls.Conn forbids all writing below it by a deadline in the past.
func (w *wireConn) writeAgain() error { return w.SetWriteDeadline(time.Now().Add(hangLimit)) }

// forgedRecord is a record whose MAC is wrong: who reads it answers with a fatal
// alert.
var forgedRecord = append([]byte{0x17, 0x03, 0x03, 0x00, 0x40}, make([]byte, 0x40)...)

// uploadEnd is a way to end an upload.
type uploadEnd struct {
	name     string
	ok       bool // the upload is whole
	legacyOK bool // it counts as whole for an account with LegacyEOF
	end      func(s *tls.Conn, w *wireConn) error
}

func uploadEnds() []uploadEnd {
	return []uploadEnd{
		{"close_notify", true, true, func(s *tls.Conn, w *wireConn) error { return s.CloseWrite() }},
		{"close_notify and FIN", true, true, func(s *tls.Conn, w *wireConn) error {
			return errors.Join(s.CloseWrite(), w.TCPConn.CloseWrite())
		}},
		{"close_notify, then more bytes", true, true, func(s *tls.Conn, w *wireConn) error {
			err := s.CloseWrite()
			again := w.writeAgain()
			_, werr := io.WriteString(w.TCPConn, "more bytes, no record")
			return errors.Join(err, again, werr, w.TCPConn.CloseWrite())
		}},
		{"FIN at a record", false, true, func(s *tls.Conn, w *wireConn) error { return w.TCPConn.CloseWrite() }},
		{"FIN in a record", false, false, func(s *tls.Conn, w *wireConn) error {
			w.hold = true
			_, err := io.WriteString(s, "the last record")
			_, werr := w.TCPConn.Write(w.held[:len(w.held)-4])
			return errors.Join(err, werr, w.TCPConn.CloseWrite())
		}},
		{"FIN in a close_notify", false, false, func(s *tls.Conn, w *wireConn) error {
			w.hold = true
			err := s.CloseWrite()
			again := w.writeAgain()
			_, werr := w.TCPConn.Write(w.held[:len(w.held)-4])
			return errors.Join(err, again, werr, w.TCPConn.CloseWrite())
		}},
		{"RST", false, false, func(s *tls.Conn, w *wireConn) error {
			return errors.Join(w.SetLinger(0), w.TCPConn.Close())
		}},
		{"fatal alert", false, false, func(s *tls.Conn, w *wireConn) error {
			w.forge = forgedRecord
			if _, err := s.Read(make([]byte, 1)); err == nil {
				return errors.New("the forged record was taken")
			}
			return nil // the alert is on its way
		}},
		{"garbage for a record", false, false, func(s *tls.Conn, w *wireConn) error {
			_, err := w.TCPConn.Write(forgedRecord)
			return err
		}},
		{"silence", false, false, func(s *tls.Conn, w *wireConn) error { return nil }},
	}
}

// T-11: 226 only for an upload whose end is proven by close_notify; what comes
// behind that is ignored (RFC 8446 §6.1). Any other end is 426 or 451, nothing
// of the new file is to be seen, and the old one is as it was.
//
func TestT11EndsOfAnUpload(t *testing.T) {
	const old = "the old file"
	text := pattern(100_000)
	ends := uploadEnds()
	tlsVersions(t, func(t *testing.T, version uint16) {
		srv := serveTree(t, map[string]string{"/old": old}, nil)
		// The limit for the silent one; long enough for a handshake on a busy
		// machine.
		hasty := serveTree(t, map[string]string{"/old": old}, func(s *ftpserver.Server) { s.Limits.Stall = 2 * time.Second })
		for _, end := range ends {
			t.Run(strings.ReplaceAll(end.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				srv := srv
				if end.name == "silence" {
					srv = hasty
				}
				c := connect(t, srv)
				c.tls.MaxVersion = version
				c.login()
				for _, name := range []string{"new " + end.name, "old"} {
					if name == "old" && (end.ok || end.name == "silence") {
						continue // others would find it changed; or one silence is long enough
					}
					addr := c.epsv()
					c.do("STOR "+name, "150")
					w := &wireConn{TCPConn: c.dialData(addr)}
					s := tls.Client(w, c.tls)
					if _, err := io.WriteString(s, text); err != nil {
						t.Fatal(err)
					}
					if err := end.end(s, w); err != nil {
						t.Fatal(err)
					}
					if end.ok {
						c.expect("226")
						wantFile(t, srv.FS, name, text)
						continue
					}
					if reply := c.expect("4"); !strings.HasPrefix(reply, "426") && !strings.HasPrefix(reply, "451") {
						t.Errorf("want 426 or 451, got %q", reply)
					}
					wantNoFile(t, srv.FS, "new "+end.name)
					wantFile(t, srv.FS, "old", old)
				}
				c.do("NOOP", "200")
			})
		}
	})
}

// T-06: plaintext on a data port under PROT P is refused with 522, and nothing
// is stored.
//
func TestT06PlaintextUploadUnderProtP(t *testing.T) {
	srv := serveTree(t, map[string]string{"/old": "old"}, nil)
	c := connect(t, srv).login()
	for _, name := range []string{"new", "old"} {
		addr := c.epsv()
		c.do("STOR "+name, "150")
		conn := c.dialData(addr)
		io.WriteString(conn, "plain bytes that are longer than a TLS record header\r\n")
		conn.CloseWrite()
		c.expect("522")
	}
	wantNoFile(t, srv.FS, "new")
	wantFile(t, srv.FS, "old", "old")
	c.stor("new", "now under TLS")
	wantFile(t, srv.FS, "new", "now under TLS")
}

// T-06: who waits in clear for a download under PROT P gets no byte of it.
func TestT06PlaintextDownloadUnderProtP(t *testing.T) {
	t.Parallel()
	srv := serveTree(t, map[string]string{"/f": "secret"}, func(s *ftpserver.Server) { s.Limits.Connect = 300 * time.Millisecond })
	c := connect(t, srv).login()
	for _, command := range []string{"RETR f", "MLSD", "LIST"} {
		addr := c.epsv()
		conn := c.dialData(addr)
		c.do(command, "150")
		got, _ := io.ReadAll(conn)
		if len(got) > 0 {
			t.Errorf("%s sent %q in clear", command, got)
		}
		if reply := c.expect(""); !strings.HasPrefix(reply, "425") && !strings.HasPrefix(reply, "522") {
			t.Errorf("%s: want 425 or 522, got %q", command, reply)
		}
	}
}

// T-06: who shakes hands on a data port under PROT C gets no TLS: the handshake
// fails, and the session goes on.
func TestT06TLSUnderProtC(t *testing.T) {
	srv := serveTree(t, map[string]string{"/f": "data"}, inClear)
	c := connect(t, srv)
	c.authTLS()
	c.do("PBSZ 0", "200")
	c.do("PROT C", "200")
	c.userPass()
	addr := c.epsv()
	c.do("RETR f", "150")
	if s := tls.Client(c.dialData(addr), c.tls); s.Handshake() == nil {
		t.Error("a handshake under PROT C succeeded")
	}
	// Whether all was sent before the client closed is a race that 226 and 426
	// both tell truly.
	if reply := c.expect(""); !strings.HasPrefix(reply, "226") && !strings.HasPrefix(reply, "426") {
		t.Errorf("got %q", reply)
	}
	c.do("NOOP", "200")
}
