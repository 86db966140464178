package daemon

import (
	"net"

	"github.com/sealane/sealane/internal/config"
)

// listeners are those of the control connection.
type listeners struct {
	explicit net.Listener // nil if off
	implicit net.Listener // nil if off
	legacy   net.Listener // nil if off
}

// listener is one of them with what is its own.
type listener struct {
	net.Listener
	name             string // of its setting
	clientCert       string // as config.ListenConfig has it
	implicit, legacy bool
}

// listen opens what the settings ask for. Where prev, which may be nil, listens by the same
// setting it is taken over.
func (d *daemon) listen(prev *daemon) (err error) {
	at := d.config.Listen
	var was config.ListenConfig
	var open listeners
	if prev != nil {
		was, open = prev.config.Listen, prev.listeners
	}
	take := func(own, before config.Listen, there net.Listener, flag string, standard, user uint16) net.Listener {
		if err != nil {
			return nil
		}
		if there != nil && own == before {
			return there
		}
		var l net.Listener
		l, err = listen(own, flag, standard, user)
		return l
	}
	d.explicit = take(at.Explicit, was.Explicit, open.explicit, "--explicit", explicitPort, explicitPortUser)
	d.implicit = take(at.Implicit, was.Implicit, open.implicit, "--implicit", implicitPort, implicitPortUser)
	if at.Legacy.Set {
		d.legacy = take(at.Legacy, was.Legacy, open.legacy, "listen.legacy", 0, 0)
	}
	if err == nil && d.explicit == nil && d.implicit == nil {
		err = startError(nil, "leave --explicit or --implicit on", "there is nothing to listen on")
	}
	return err
}

func (d *daemon) list() []listener {
	own := d.config.Listen
	var out []listener
	add := func(l listener) {
		if l.Listener != nil {
			out = append(out, l)
		}
	}
	add(listener{Listener: d.explicit, name: "listen.explicit", clientCert: own.ExplicitClientCert})
	add(listener{Listener: d.implicit, name: "listen.implicit", clientCert: own.ImplicitClientCert, implicit: true})
	add(listener{Listener: d.legacy, name: "listen.legacy", legacy: true})
	return out
}

func (l listeners) all() (out []net.Listener) {
	for _, one := range []net.Listener{l.explicit, l.implicit, l.legacy} {
		if one != nil {
			out = append(out, one)
		}
	}
	return out
}

func (l listeners) has(one net.Listener) bool {
	return one != nil && (one == l.explicit || one == l.implicit || one == l.legacy)
}

// closeBut closes those that are not prev's too, which may be nil.
func (l listeners) closeBut(prev *daemon) {
	for _, one := range l.all() {
		if prev == nil || !prev.listeners.has(one) {
			one.Close()
		}
	}
}
