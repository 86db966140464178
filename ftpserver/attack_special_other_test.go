//go:build unix && !linux

package ftpserver_test

import "errors"

func makeZero(string) error { return errors.ErrUnsupported }
