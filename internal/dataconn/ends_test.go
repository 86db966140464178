package dataconn

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// readToEnd returns all payload and the error that ended it, io.EOF included.
func readToEnd(r io.Reader) ([]byte, error) {
	var all []byte
	buf := make([]byte, 1000)
	for {
		n, err := r.Read(buf)
		all = append(all, buf[:n]...)
		if err != nil {
			return all, err
		}
	}
}

// T-11: of all ways in which an upload over TLS can end, close_notify alone
// reads as io.EOF.
func TestT11EndsUnderTLS(t *testing.T) {
	payload := bytes.Repeat([]byte("payload "), 5000)
	ends := []struct {
		name  string
		end   func(t *testing.T, conn *Conn, peer *tls.Conn, tap *wireTap, raw *net.TCPConn)
		want  error
		whole bool // all payload arrives; a RST may overtake it
	}{
		{name: "close_notify", want: io.EOF, whole: true,
			end: func(t *testing.T, _ *Conn, peer *tls.Conn, _ *wireTap, raw *net.TCPConn) {
				peer.CloseWrite()
				raw.CloseWrite()
			}},
		{name: "close_notify without FIN", want: io.EOF, whole: true,
			end: func(t *testing.T, _ *Conn, peer *tls.Conn, _ *wireTap, _ *net.TCPConn) { peer.CloseWrite() }},
		{name: "FIN at a record's edge", want: ErrTruncated, whole: true,
			end: func(t *testing.T, _ *Conn, _ *tls.Conn, _ *wireTap, raw *net.TCPConn) { raw.CloseWrite() }},
		{name: "FIN inside a record", want: ErrTruncated, whole: true,
			end: func(t *testing.T, _ *Conn, peer *tls.Conn, tap *wireTap, raw *net.TCPConn) {
				tap.hold = true
				peer.Write([]byte("never whole"))
				raw.Write(tap.held[:len(tap.held)/2])
				raw.CloseWrite()
			}},
		{name: "FIN inside a record's header", want: ErrTruncated, whole: true,
			end: func(t *testing.T, _ *Conn, _ *tls.Conn, _ *wireTap, raw *net.TCPConn) {
				raw.Write([]byte{21, 3})
				raw.CloseWrite()
			}},
		{name: "RST", want: syscall.ECONNRESET,
			end: func(t *testing.T, _ *Conn, _ *tls.Conn, _ *wireTap, raw *net.TCPConn) {
				raw.SetLinger(0)
				raw.Close()
			}},
		{name: "fatal alert", want: nil, whole: true,
			end: func(t *testing.T, conn *Conn, peer *tls.Conn, _ *wireTap, raw *net.TCPConn) {
				// Rubbish makes the peer answer bad_record_mac.
				conn.raw.Conn.Write(append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...))
				if _, err := peer.Read(make([]byte, 1)); err == nil {
					t.Error("the peer read rubbish without an error")
				}
				raw.CloseWrite()
			}},
		{name: "close_notify, then more bytes", want: io.EOF, whole: true,
			end: func(t *testing.T, _ *Conn, peer *tls.Conn, tap *wireTap, raw *net.TCPConn) {
				tap.hold = true
				peer.Write([]byte("more"))
				more := tap.held
				tap.hold = false
				raw.Write(more) // this one counts
				peer.CloseWrite()
				raw.Write(more)
				raw.CloseWrite()
			}},
	}
	for _, v := range tlsVersions {
		server, client := testTLS(t, v.version)
		for _, e := range ends {
			t.Run(v.name+"/"+e.name, func(t *testing.T) {
				rawServer, rawClient := tcpPair(t)
				tap := &wireTap{Conn: rawClient}
				conn, peer := shake(t, server, client, rawServer, tap)
				defer conn.Abort()
				if _, err := peer.Write(payload); err != nil {
					t.Fatal(err)
				}
				e.end(t, conn, peer, tap, rawClient)

				got, err := readToEnd(conn)
				expected := payload
				if e.name == "close_notify, then more bytes" {
					expected = append(bytes.Clone(payload), "more"...)
				}
				if e.whole && !bytes.Equal(got, expected) {
					t.Errorf("read %d bytes, want the %d that were sent before the end", len(got), len(expected))
				}
				if conn.Received() != int64(len(got)) {
					t.Errorf("Received() = %d, read %d", conn.Received(), len(got))
				}
				checkEnd(t, err, e.want)
				if _, again := conn.Read(make([]byte, 10)); (again == io.EOF) != (e.want == io.EOF) {
					t.Errorf("the next Read gives %v after %v", again, err)
				}
			})
		}
	}
}

// checkEnd wants io.EOF exactly, or an error that wraps want and is no io.EOF.
func checkEnd(t *testing.T, err, want error) {
	t.Helper()
	if want == io.EOF {
		if err != io.EOF {
			t.Errorf("ended in %v, want io.EOF", err)
		}
		return
	}
	if err == nil || errors.Is(err, io.EOF) || want != nil && !errors.Is(err, want) {
		t.Errorf("ended in %v, want an error %v and not io.EOF", err, want)
	}
	if want != ErrTruncated && errors.Is(err, ErrTruncated) {
		t.Errorf("%v says truncated for another end", err)
	}
}

// T-11: a plain stream has no better end than its FIN; a RST is none.
func TestT11EndsPlain(t *testing.T) {
	t.Run("FIN", func(t *testing.T) {
		rawServer, rawClient := tcpPair(t)
		conn := Plain(rawServer, testStall)
		rawClient.Write([]byte("hello"))
		rawClient.CloseWrite()
		got, err := readToEnd(conn)
		if string(got) != "hello" || err != io.EOF {
			t.Errorf("read %q, %v", got, err)
		}
	})
	t.Run("RST", func(t *testing.T) {
		rawServer, rawClient := tcpPair(t)
		conn := Plain(rawServer, testStall)
		rawClient.SetLinger(0)
		rawClient.Close()
		_, err := readToEnd(conn)
		checkEnd(t, err, syscall.ECONNRESET)
	})
}

// T-11: silence ends in ErrStalled after exactly the limit, and is no end.
func TestT11Silence(t *testing.T) {
	for _, v := range tlsVersions {
		t.Run(v.name, func(t *testing.T) {
			server, client := testTLS(t, v.version)
			server.SessionTicketsDisabled = true // net.Pipe has no buffer to leave them in
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				defer b.Close()
				conn, peer := shake(t, server, client, a, b)
				defer conn.Abort()
				go peer.Write([]byte("then nothing"))
				start := time.Now()
				got, err := readToEnd(conn)
				if string(got) != "then nothing" {
					t.Errorf("read %q", got)
				}
				checkEnd(t, err, ErrStalled)
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%v does not wrap os.ErrDeadlineExceeded", err)
				}
				if d := time.Since(start); d != testStall {
					t.Errorf("stalled after %v, want %v", d, testStall)
				}
			})
		})
	}
}

// A line so slow that one record takes many times the limit has not stalled.
func TestSlowRecordIsNoStall(t *testing.T) {
	server, client := testTLS(t, tls.VersionTLS13)
	server.SessionTicketsDisabled = true
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		tap := &wireTap{Conn: b}
		conn, peer := shake(t, server, client, a, tap)
		defer conn.Abort()
		tap.hold = true
		peer.Write([]byte("slow"))
		go func() {
			for i := range tap.held {
				time.Sleep(testStall - time.Second)
				b.Write(tap.held[i : i+1])
			}
		}()
		buf := make([]byte, 10)
		n, err := conn.Read(buf)
		if err != nil || string(buf[:n]) != "slow" {
			t.Errorf("read %q, %v", buf[:n], err)
		}
	})
}
