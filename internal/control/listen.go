package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// ErrInUse is returned by Listen when a server answers at the socket already.
var ErrInUse = errors.New("another server answers there")

// maxPath is the longest path of a socket that all systems take, in bytes.
const maxPath = 100

// Listen makes the socket at path, in the place of one that a server has left which was
// killed. Only connections of this user and of root are given out, where the system can
// tell; others are closed.
func Listen(path string) (net.Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("the path of a socket must not be longer than %d bytes: %s", maxPath, path)
	}
	if err := clear(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return listener{l}, nil
}

// clear removes a socket at which nobody answers. It removes nothing else.
func clear(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket && info.Mode().Type() != fs.ModeIrregular: // the latter on Windows
		return fmt.Errorf("%s is there and is not a socket", path)
	}
	conn, err := net.DialTimeout("unix", path, 5*time.Second)
	if err == nil {
		conn.Close()
		return fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// listener gives out connections of who may control the server.
type listener struct{ *net.UnixListener }

// Accept waits for one.
func (l listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		uid, err := peer(conn)
		if err == nil && (uid == 0 || uid == os.Geteuid()) || errors.Is(err, errors.ErrUnsupported) {
			return conn, nil
		}
		_ = conn.Close()
	}
}
