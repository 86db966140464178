package daemon

import (
	"log/slog"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/internal/guard"
)

// warden is the guard of the process, one for all settings that it runs under. The
// zero value guards nothing.
type warden struct{ *guard.Guard }

// open makes the guard, if there is none, with what it has kept in the state folder.
// observe may be nil.
func (w *warden) open(state string, p guard.Policy, log *slog.Logger, observe func(guard.Event)) {
	if w.Guard == nil {
		w.Guard = guard.Open(state, p, guard.Options{Logger: log, Observe: observe})
	}
}

// protect puts the guard before a server that has not been served.
func (w *warden) protect(s *ftpserver.Server) {
	if w.Guard != nil {
		s.Login, s.Admit = w.Login(s.Login), w.Admit
	}
}

// apply puts the settings into force, for those before too.
func (w *warden) apply(p guard.Policy) {
	if w.Guard != nil {
		w.Change(p)
	}
}

// hashing is how passwords are hashed, by all settings together (S-26).
func (w *warden) hashing() []password.Option {
	opts := []password.Option{password.WithQuiet(newReclaimer().reclaim)}
	if w.Guard != nil {
		opts = append(opts, password.WithTurns(w.Turn))
	}
	return opts
}

// close writes down what the guard keeps; what fails is in the log.
func (w *warden) close() {
	if w.Guard != nil {
		_ = w.Close()
	}
}
