package ftpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

// What package net says of a connection comes to people in words, and to programs as
// it was.
func TestPlain(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 21}
	number := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	for _, test := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "dial", Net: "tcp", Addr: at, Err: number}, "no connection to 192.0.2.1:21: " + syscall.ECONNREFUSED.Error()},
		{&net.OpError{Op: "dial", Net: "tcp", Addr: at, Err: os.ErrDeadlineExceeded}, "no connection to 192.0.2.1:21: no answer in time"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Name: "a.example", IsNotFound: true}}, "the name a.example is not known"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Name: "a.example", Server: "192.0.2.53"}}, "the name a.example cannot be looked up"},
		{&net.OpError{Op: "read", Net: "tcp", Addr: at, Err: os.NewSyscallError("read", syscall.ECONNRESET)}, syscall.ECONNRESET.Error()},
		{fmt.Errorf("handshake: %w", &net.OpError{Op: "read", Net: "tcp", Addr: at, Err: os.ErrDeadlineExceeded}), "no answer in time"},
		{context.DeadlineExceeded, "no answer in time"},
		{io.EOF, "it was closed"},
		{io.ErrUnexpectedEOF, "it was closed"},
		{tls.AlertError(40), tls.AlertError(40).Error()},
		{&net.OpError{Op: "remote error", Err: tls.AlertError(40)}, "remote error: " + tls.AlertError(40).Error()},
		{errors.New("what a dialer of the caller says"), "what a dialer of the caller says"},
	} {
		got := plain(test.err)
		if got.Error() != test.want {
			t.Errorf("%v: %q, want %q", test.err, got, test.want)
		}
		if !errors.Is(got, test.err) {
			t.Errorf("%v: it is not what it was", test.err)
		}
	}
	if !errors.Is(plain(&net.OpError{Op: "dial", Err: number}), syscall.ECONNREFUSED) {
		t.Error("the number of the system is gone")
	}
}
