package daemon

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"

	"github.com/sealane/sealane/internal/config"
)

// The ports of FTP and of implicit FTPS (IANA), and those that any user may
// bind.
const (
	explicitPort, explicitPortUser = 21, 2121
	implicitPort, implicitPortUser = 990, 2990
)

// listen opens one control port, by default the standard one where that may be
// bound, else the user's one. It returns nil if the port is off.
func listen(where config.Listen, flag string, standard, user uint16) (net.Listener, error) {
	switch {
	case where.Off:
		return nil, nil
	case where.Set:
		return listenOn(net.JoinHostPort(where.Host, strconv.Itoa(int(where.Port))), flag)
	}
	if l, err := net.Listen("tcp", portOnly(standard)); err == nil {
		return l, nil
	}
	return listenOn(portOnly(user), flag)
}

func portOnly(port uint16) string { return ":" + strconv.Itoa(int(port)) }

// listenOn listens; flag is what would change the address, of the command line or of the
// file of settings.
func listenOn(addr, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	port, host := flag+" :PORT", flag+" HOST:PORT"
	if !strings.HasPrefix(flag, "--") {
		port = host // it must be named
	}
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, startError(nil, "stop the other server, or choose another port with "+port, "the port of %s is taken", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, startError(nil, "choose a port above 1023 with "+port+", or give the program CAP_NET_BIND_SERVICE", "this user may not listen on %s", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, startError(nil, "name an address of this machine with "+host+", or none for all", "%s is not an address of this machine", addr)
	}
	return nil, startError(err, "choose another address with "+host, "cannot listen on %s", addr)
}

func dataPortsError(err error, ports config.PortRange) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return startError(nil, "stop the other server, or choose others with --data-ports FROM-TO", "one of the data ports %s is taken", ports)
	case errors.Is(err, syscall.EACCES):
		return startError(nil, "choose ports above 1023 with --data-ports FROM-TO, or give the program CAP_NET_BIND_SERVICE", "this user may not listen on the data ports %s", ports)
	}
	return startError(err, "choose others with --data-ports FROM-TO", "cannot listen on the data ports %s", ports)
}
