package control

import (
	"net"

	"golang.org/x/sys/unix"
)

// peer gives the user at the other end.
func peer(conn *net.UnixConn) (uid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	if callErr := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); callErr != nil {
		return 0, callErr
	}
	if err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}
