//go:build interop && linux

package interop

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	halfOpens         = 5000
	halfOpenAddresses = 10
	halfOpenBytes     = 64 * kib // what each may take in the server
)

// halfOpen is a connection that has begun and goes no further.
type halfOpen struct {
	conn  net.Conn
	began time.Time
	ended time.Time // by the server; set when all have ended
}

// TestS05FiveThousandHalfOpen is S-05 and V-17: 5,000 connections that stop where TCP or
// AUTH ends, or in the midst of a ClientHello, keep nobody out, take little memory, are no
// more of one address than may be, and are gone when the time for the login is over.
func TestS05FiveThousandHalfOpen(t *testing.T) {
	allowDescriptors(t, halfOpens+1000)
	hello := someHello(t)
	// A machine that is too slow to have all of them at once gets more time.
	for _, limit := range []time.Duration{8 * time.Second, 30 * time.Second, 90 * time.Second} {
		s := serve(t, "--config", settings(t, fmt.Sprintf("[limits]\nlogin = %q\n[guard]\nhandshakes = %d\nhandshakes_per_address = %d\n",
			limit, halfOpens+100, halfOpens/halfOpenAddresses)))
		if s.holdsHalfOpen(t, hello, limit) {
			return
		}
		t.Logf("it takes longer than %v to open %d connections: again, with more time", limit, halfOpens)
	}
	t.Error("it takes too long to open the connections")
}

// holdsHalfOpen is the test with this limit of the login; it reports whether all were open at
// once for long enough.
func (s *server) holdsHalfOpen(t *testing.T, hello []byte, limit time.Duration) bool {
	t.Helper()
	before := s.usage(t)
	began := time.Now()
	all, err := s.openHalf(hello)
	for _, h := range all {
		defer h.conn.Close()
	}
	if time.Since(began) > limit*2/3 {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	opened := time.Since(began)
	during := s.usage(t)
	each := (during.memory - before.memory) / halfOpens
	t.Logf("%d half-open connections in %v: %v, before: %v, %.1f KiB each", len(all), opened.Round(time.Millisecond), during, before, float64(each)/kib)
	if each > halfOpenBytes {
		t.Errorf("a half-open connection takes %d bytes, more than %d", each, halfOpenBytes)
	}
	if held := during.descriptors - before.descriptors; held < halfOpens {
		t.Errorf("the server holds %d connections, want %d", held, halfOpens)
	}
	// Those above what an address may have are told so, each address for itself.
	for i := range halfOpenAddresses {
		if err := s.turnedAway(halfOpenAddress(i)); err != nil {
			t.Errorf("one more from %s: %v", halfOpenAddress(i), err)
		}
	}
	came := time.Now()
	honest, err := newPeer(s, way{version: tls.VersionTLS13}) // it waits for 40 seconds at most
	if err != nil {
		t.Fatalf("an honest client: %v", err)
	}
	defer honest.drop()
	took := time.Since(came)
	if time.Since(began) > limit {
		return false // it may have been let in because others had gone
	}
	t.Logf("an honest client has logged in within %v", took.Round(time.Millisecond))
	s.gone(t, all, limit)
	if err := errors.Join(honest.command(200, "NOOP"), honest.put("/after", pattern("after", 100*kib)), honest.quit()); err != nil {
		t.Errorf("the honest client, when they are gone: %v", err)
	}
	s.drained(t)
	within(t, 30*time.Second, func() error {
		if u := s.usage(t); u.descriptors > before.descriptors+4 {
			return fmt.Errorf("%v are left behind, before it were %v", u, before)
		}
		return nil
	})
	again, err := newPeer(s, way{from: halfOpenAddress(0), version: tls.VersionTLS13})
	if err != nil {
		t.Errorf("one of the addresses, when they are gone: %v", err)
		return true
	}
	if err := again.quit(); err != nil {
		t.Error(err)
	}
	return true
}

// gone waits until the server has ended all of them, none of which has done anything since.
func (s *server) gone(t *testing.T, all []*halfOpen, limit time.Duration) {
	t.Helper()
	late := time.Now().Add(limit + 30*time.Second)
	var waiting sync.WaitGroup
	failed := make(chan error, len(all))
	for _, h := range all {
		waiting.Go(func() {
			h.conn.SetReadDeadline(late)
			_, err := io.Copy(io.Discard, h.conn)
			h.ended = time.Now()
			if errors.Is(err, syscall.ECONNRESET) {
				err = nil // of one that has sent half a hello
			}
			failed <- err
		})
	}
	waiting.Wait()
	close(failed)
	kept := 0
	for err := range failed {
		if err != nil {
			kept++
		}
	}
	if kept > 0 {
		t.Errorf("%d of %d half-open connections are still there %v after the limit of the login", kept, len(all), 30*time.Second)
	}
	var shortest, longest time.Duration
	for i, h := range all {
		lived := h.ended.Sub(h.began)
		longest = max(longest, lived)
		if i == 0 || lived < shortest {
			shortest = lived
		}
	}
	t.Logf("they have ended after %v to %v; the limit is %v", shortest.Round(time.Millisecond), longest.Round(time.Millisecond), limit)
}

func halfOpenAddress(i int) string { return fmt.Sprintf("127.0.5.%d", i+1) }

// openHalf opens them from several addresses at once, as many as each may have.
func (s *server) openHalf(hello []byte) ([]*halfOpen, error) {
	const each = halfOpens / halfOpenAddresses
	all := make([]*halfOpen, halfOpens)
	errs := make([]error, halfOpenAddresses)
	var waiting sync.WaitGroup
	for a := range halfOpenAddresses {
		waiting.Go(func() {
			for i := range each {
				h, err := s.half(halfOpenAddress(a), i, hello)
				if err != nil {
					errs[a] = fmt.Errorf("number %d from %s: %w", i+1, halfOpenAddress(a), err)
					return
				}
				all[a*each+i] = h
			}
		})
	}
	waiting.Wait()
	opened := all[:0]
	for _, h := range all {
		if h != nil {
			opened = append(opened, h)
		}
	}
	return opened, errors.Join(errs...)
}

// half opens one: behind TCP, behind AUTH, in a ClientHello, or in that of implicit TLS.
func (s *server) half(from string, kind int, hello []byte) (*halfOpen, error) {
	port := s.explicit
	if kind%4 == 3 {
		port = s.implicit
	}
	conn, err := s.dialFrom(from, port)
	if err != nil {
		return nil, err
	}
	h := &halfOpen{conn: conn, began: time.Now()}
	r := bufio.NewReaderSize(conn, 512)
	if kind%4 < 3 {
		err = answered(r, "220")
	}
	if err == nil && (kind%4 == 1 || kind%4 == 2) {
		if _, err = io.WriteString(conn, "AUTH TLS\r\n"); err == nil {
			err = answered(r, "234")
		}
	}
	if err == nil && kind%4 >= 2 {
		_, err = conn.Write(hello[:len(hello)/2])
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return h, nil
}

func (s *server) dialFrom(from string, port int) (net.Conn, error) {
	d := net.Dialer{Timeout: peerPatience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.Dial("tcp", net.JoinHostPort(s.host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(peerPatience))
}

// answered reads a reply of one line or more.
func answered(r *bufio.Reader, code string) error {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if !strings.HasPrefix(line, code) {
			return fmt.Errorf("want %s: %q", code, line)
		}
		if strings.HasPrefix(line, code+" ") {
			return nil
		}
	}
}

// turnedAway connects once more from an address that has all that it may have.
func (s *server) turnedAway(from string) error {
	conn, err := s.dialFrom(from, s.explicit)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	if err := answered(r, "421"); err != nil {
		return err
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		return fmt.Errorf("behind the 421: %q, %w", rest, err)
	}
	return nil
}

// someHello is the ClientHello of a usual client.
func someHello(t *testing.T) []byte {
	t.Helper()
	here, there := net.Pipe()
	defer there.Close()
	go tls.Client(here, &tls.Config{ServerName: "127.0.0.1", InsecureSkipVerify: true}).Handshake()
	header := make([]byte, 5)
	if _, err := io.ReadFull(there, header); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, int(header[3])<<8|int(header[4]))
	if _, err := io.ReadFull(there, body); err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{header, body}, nil)
}

// allowDescriptors makes room for so many, here and in programs that are started from now on.
func allowDescriptors(t *testing.T, n uint64) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if was.Cur >= n && was.Max >= n {
		return
	}
	wanted := syscall.Rlimit{Cur: n, Max: max(was.Max, n)}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &wanted); err != nil {
		t.Skipf("%d descriptors are needed, and the limit of %d cannot be raised: %v", n, was.Max, err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
			t.Error(err)
		}
	})
}
