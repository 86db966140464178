package wire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// tcpPair gives the two ends of a TCP connection.
func tcpPair(t *testing.T) (ours, theirs *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close() })
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return accepted.(*net.TCPConn), dialed.(*net.TCPConn)
}

// wantVerb waits for a command as a session does.
func wantVerb(t *testing.T, c *Conn, verb string) {
	t.Helper()
	if err := c.Wait(); err != nil {
		t.Fatalf("waiting for %s: %v", verb, err)
	}
	if cmd, err := c.ReadCommand(); err != nil || cmd.Verb != verb {
		t.Fatalf("got %q, %v; want %s", cmd.Verb, err, verb)
	}
}

// Wait returns for what is in the socket, in our buffer and, under TLS, in that of
// crypto/tls, and loses nothing of it.
func TestWait(t *testing.T) {
	ours, theirs := tcpPair(t)
	c := NewConn(NewSocket(ours), time.Minute)
	testWait(t, c, theirs)
	theirs.Close()
	if err := c.Wait(); err != nil {
		t.Errorf("waiting at the end: %v", err)
	}
	if _, err := c.ReadCommand(); err != io.EOF {
		t.Errorf("the end is %v", err)
	}
}

func TestWaitUnderTLS(t *testing.T) {
	server, client := tlsPair(t)
	c := NewConn(server, time.Minute)
	testWait(t, c, client)
	client.Close()
	if err := c.Wait(); err != nil {
		t.Errorf("waiting at the end: %v", err)
	}
	if _, err := c.ReadCommand(); err != io.EOF {
		t.Errorf("the end is %v", err)
	}
}

func testWait(t *testing.T, c *Conn, peer io.Writer) {
	t.Helper()
	send := func(pieces ...string) {
		for _, piece := range pieces {
			if _, err := io.WriteString(peer, piece); err != nil {
				t.Error(err)
			}
		}
	}
	send("NOOP\r\n")
	wantVerb(t, c, "NOOP")
	send("PWD\r\nSTAT\r\n", "FEAT "+strings.Repeat("x", 3*readBuffer)+"\r\nHELP\r\n")
	for _, verb := range []string{"PWD", "STAT", "FEAT", "HELP"} {
		wantVerb(t, c, verb)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100 {
			send("N", "OOP\r", "\n")
		}
	}()
	for range 100 {
		wantVerb(t, c, "NOOP")
	}
	<-done

	// A deadline ends the wait, and a read in the middle of a line; both go on after.
	c.SetReadDeadline(time.Unix(1, 0))
	if err := c.Wait(); canTry && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("waiting behind the deadline: %v", err)
	}
	send("QU")
	c.SetReadDeadline(time.Time{})
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Unix(1, 0))
	if _, err := c.ReadCommand(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading behind the deadline: %v", err)
	}
	c.SetReadDeadline(time.Time{})
	send("IT\r\n")
	wantVerb(t, c, "QUIT")
}

// What is no socket of the system is not waited for.
func TestWaitElsewhere(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	defer ours.Close()
	for _, c := range []*Conn{NewConn(ours, time.Minute), NewConn(NewSocket(ours), time.Minute)} {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if err := NewSocket(ours).CloseWrite(); err == nil {
		t.Error("half a pipe was closed")
	}
}

// S-38: a long line or reply leaves no large buffer behind.
func TestLargeBuffersAreGivenBack(t *testing.T) {
	c := feed(t, "STOR "+strings.Repeat("x", 8000)+"\r\n")
	if cmd, err := c.ReadCommand(); err != nil || len(cmd.Arg) != 8000 {
		t.Fatalf("%d bytes, %v", len(cmd.Arg), err)
	}
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	go io.Copy(io.Discard, theirs)
	w := NewConn(ours, time.Minute)
	if err := w.WriteCommand("STOR", strings.Repeat("x", 8000)); err != nil {
		t.Fatal(err)
	}
	if cap(c.line) > keptBuffer || cap(w.out) > keptBuffer {
		t.Errorf("kept %d and %d bytes", cap(c.line), cap(w.out))
	}
}

func testCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
