package daemon

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/trail"
)

const (
	// recordFor is how long a program tries to record what it has done: the server may be
	// starting or ending.
	recordFor   = 5 * time.Second
	recordAgain = 50 * time.Millisecond
)

// RecordDone writes into the trail of a server with these settings what this program has
// done to accounts, as the user that it runs as: the server does it, if it runs, and else
// the program. Without a trail it does nothing.
func RecordDone(ctx context.Context, c config.Config, done []control.Done) error {
	ctx, cancel := context.WithTimeout(ctx, recordFor)
	defer cancel()
	for {
		recorded, err := recordByServer(ctx, c, done)
		if recorded || err != nil {
			return err
		}
		// No server, or none that can be reached: it holds the lock then.
		err = recordHere(c, done)
		if !errors.Is(err, trail.ErrLocked) {
			return err
		}
		select {
		case <-ctx.Done():
			return startError(nil, "see control.socket of the settings, and whether another program holds the trail",
				"a server that cannot be reached writes the trail")
		case <-time.After(recordAgain):
		}
	}
}

// recordByServer reports whether a server has taken the events, or has no trail.
func recordByServer(ctx context.Context, c config.Config, done []control.Done) (bool, error) {
	name, err := ControlSocket(c)
	if err != nil || name == "" {
		return false, err
	}
	server := control.NewClient(name)
	defer server.Close()
	_, err = server.Record(ctx, done)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return false, nil
	}
	return true, err
}

// recordHere writes the trail itself.
func recordHere(c config.Config, done []control.Done) error {
	state, err := stateName(c)
	if err != nil {
		return err
	}
	r := &recorder{}
	own, err := r.prepare(c, state, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := r.use(own); err != nil {
		return err
	}
	for _, d := range done {
		r.admin(control.Actor(os.Geteuid()), d.Action, d.Object, d.Detail, nil)
	}
	return r.close()
}
