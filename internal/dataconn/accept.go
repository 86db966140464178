package dataconn

import (
	"errors"
	"net"
	"time"
)

// accept hands over what arrives at l until that is closed. stopped ends the
// pauses.
func accept(l net.Listener, stopped <-chan struct{}, take func(raw net.Conn)) {
	const shortest, longest = 5 * time.Millisecond, time.Second
	pause := shortest
	for {
		raw, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			pause = shortest
			take(raw)
			continue
		}
		// No descriptor left, or the like: that passes, and the client must not
		// lose its transfer over it.
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-stopped:
		}
		timer.Stop()
		pause = min(2*pause, longest)
	}
}
