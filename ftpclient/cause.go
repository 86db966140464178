package ftpclient

import (
	"errors"
	"io"
	"net"
	"os"
)

// plainError is an error of package net in words for people: without the names of its
// functions, and without what they would say twice. It stays what it was to errors.As.
type plainError struct {
	text string
	err  error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.err }

// plain puts an error of a connection into words.
func plain(err error) error {
	text := plainText(err)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" && op.Addr != nil {
		text = "no connection to " + op.Addr.String() + ": " + text
	}
	return &plainError{text, err}
}

func plainText(err error) string {
	var name *net.DNSError
	var call *os.SyscallError
	var op *net.OpError
	var ne net.Error
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "the name " + name.Name + " is not known"
	case errors.As(err, &name):
		return "the name " + name.Name + " cannot be looked up"
	case errors.As(err, &ne) && ne.Timeout():
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it was closed"
	case errors.As(err, &call):
		return call.Err.Error()
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "read" || op.Op == "write"):
		return op.Err.Error()
	}
	return err.Error()
}
