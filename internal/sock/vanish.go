package sock

import (
	"net"
	"time"
)

// When the kernel gives a peer up that does not answer: it asks after aliveIdle
// without traffic, and then every aliveInterval until giveUp is over. Less would end
// sessions over a network that is gone for a minute only.
const (
	aliveIdle     = 30 * time.Second
	aliveInterval = 10 * time.Second
	aliveCount    = 4
	giveUp        = aliveIdle + aliveCount*aliveInterval
)

// FindVanished makes the kernel end a connection whose peer has vanished without a
// FIN, after 70 s: one without traffic by keepalive, and on Linux also one on which
// something waits to be acknowledged, for which keepalive does not care. Elsewhere
// that takes the kernel's own time, some 10 or 15 minutes.
func FindVanished(conn *net.TCPConn) error {
	err := conn.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: aliveIdle, Interval: aliveInterval, Count: aliveCount})
	if err != nil {
		return err
	}
	return setUserTimeout(conn, giveUp)
}
