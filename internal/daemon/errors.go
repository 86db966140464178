package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// StartError says why the server cannot start, and what to do about it.
type StartError struct {
	What string // one sentence for a person
	Err  error  // the cause, may be nil
	hint string
}

// Hint says what to do next.
func (e *StartError) Hint() string { return e.hint }

// Error gives the sentence and the cause.
func (e *StartError) Error() string {
	if e.Err == nil {
		return e.What
	}
	return e.What + ": " + cause(e.Err)
}

func (e *StartError) Unwrap() error { return e.Err }

// cause leaves the operation and the path of an error away, which the sentence
// has already.
func cause(err error) string {
	var path *fs.PathError
	var errno syscall.Errno
	var name *net.DNSError
	switch {
	case errors.As(err, &name):
		return "the name " + name.Name + " is not known"
	case errors.As(err, &path):
		return path.Err.Error()
	case errors.As(err, &errno):
		return errno.Error()
	}
	return err.Error()
}

func startError(err error, hint, format string, args ...any) error {
	return &StartError{What: fmt.Sprintf(format, args...), hint: hint, Err: err}
}
