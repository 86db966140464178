package ftptest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// wayOf gives both ends of one connection through p.
func wayOf(t *testing.T, p *ftptest.Proxy) (client, server *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	address, err := p.Relay("127.0.0.1:0", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

// Each action does at its byte what it says, and nothing ahead of that.
func TestProxyActions(t *testing.T) {
	for _, tt := range []struct {
		fault ftptest.Fault
		got   string
		err   error
	}{
		{ftptest.Fault{Do: ftptest.Cut}, "", nil},
		{ftptest.Fault{Do: ftptest.Cut, At: 3}, "abc", nil},
		{ftptest.Fault{Do: ftptest.Cut, At: ftptest.End}, "abcdef", nil},
		{ftptest.Fault{Do: ftptest.Cut, At: 3, Conn: 1}, "abcdef", nil},
		{ftptest.Fault{Do: ftptest.Cut, At: 3, Direction: ftptest.Down}, "abcdef", nil},
		{ftptest.Fault{Do: ftptest.Reset, At: ftptest.End}, "abcdef", syscall.ECONNRESET},
		{ftptest.Fault{Do: ftptest.Reset, At: 1}, "", syscall.ECONNRESET},
		{ftptest.Fault{Do: ftptest.Flip, At: 1, Bit: 1}, "a`cdef", nil},
		{ftptest.Fault{Do: ftptest.Flip, At: 5, Bit: 0}, "abcdeg", nil},
		{ftptest.Fault{Do: ftptest.Split, At: 2}, "abcdef", nil},
		{ftptest.Fault{Do: ftptest.Throttle, At: 2, Wait: time.Microsecond}, "abcdef", nil},
		{ftptest.Fault{Do: ftptest.Delay, At: 2, Wait: time.Microsecond}, "abcdef", nil},
	} {
		t.Run(tt.fault.Do.String(), func(t *testing.T) {
			p := &ftptest.Proxy{}
			defer p.Close()
			p.Set(tt.fault)
			client, server := wayOf(t, p)
			if _, err := io.WriteString(client, "abcdef"); err != nil && tt.err == nil {
				t.Fatal(err)
			}
			if err := client.CloseWrite(); err != nil && tt.err == nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(server)
			// A RST may overtake what was sent ahead of it.
			if string(got) != tt.got && tt.err == nil || !errors.Is(err, tt.err) {
				t.Errorf("%+v: got %q, %v", tt.fault, got, err)
			}
			if passed := p.Passages(); len(passed) != 1 || passed[0].Faulty != (tt.fault.Conn == 0 && tt.fault.Direction == ftptest.Up) {
				t.Errorf("%+v: %+v", tt.fault, passed)
			}
		})
	}
}

// Without faults nothing is changed: halves end apart, and a RST stays one.
func TestProxyPasses(t *testing.T) {
	p := &ftptest.Proxy{}
	defer p.Close()
	client, server := wayOf(t, p)
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(server); len(got) > 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := io.WriteString(server, "still here"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 10)
	if _, err := io.ReadFull(client, buf); err != nil || string(buf) != "still here" {
		t.Errorf("%q, %v", buf, err)
	}
	_ = server.SetLinger(0)
	_ = server.Close()
	if _, err := client.Read(buf); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
	if got, want := p.Passages(), (ftptest.Passage{Down: 10}); len(got) != 1 || got[0] != want {
		t.Errorf("%+v", got)
	}
}

// A connection that falls silent stays open, and in a bubble the client's patience is
// over at once.
func TestProxyHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := ftptest.NewHostileInMemory(func(s *ftptest.Session) { s.Login() })
		p := &ftptest.Proxy{Dial: h.DialContext}
		p.Set(ftptest.Fault{Direction: ftptest.Down, At: 5, Do: ftptest.Hang})
		begin := time.Now()
		_, err := ftpclient.Dial(t.Context(), h.URL(), ftpclient.Options{RootCAs: h.Pool, DialContext: p.DialContext})
		if took := time.Since(begin); !errors.Is(err, ftpclient.ErrNetwork) || took != ftpclient.DefaultTimeout {
			t.Errorf("%v, after %v", err, took)
		}
		if got, want := p.Passages(), (ftptest.Passage{Down: 5, Faulty: true}); len(got) != 1 || got[0] != want {
			t.Errorf("%+v", got)
		}
		p.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if _, err := p.DialContext(context.Background(), "tcp", h.Addr); err == nil {
			t.Error("a closed proxy connects")
		}
	})
}
