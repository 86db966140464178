package ftpclient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/ftpclient"
	"github.com/sealane/sealane/ftptest"
)

// The attacks run in bubbles: a client that waits longer than it may is seen by the
// bubble's clock, and one that spins never lets it go on.

// against runs a client against a script.
func against(t *testing.T, script ftptest.Script, do func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := ftptest.NewHostileInMemory(script)
		do(t, h, ftpclient.Options{RootCAs: h.Pool, DialContext: h.DialContext})
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// loggedIn is against for what comes behind the login, which the script has to play.
func loggedIn(t *testing.T, script ftptest.Script, do func(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client)) {
	t.Helper()
	against(t, script, func(t *testing.T, h *ftptest.Hostile, opt ftpclient.Options) {
		c, err := ftpclient.Dial(t.Context(), h.URL(), opt)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		do(t, h, c)
	})
}

// wantKind checks that err is of each kind.
func wantKind(t *testing.T, err error, kinds ...error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
	}
	for _, kind := range kinds {
		if !errors.Is(err, kind) {
			t.Errorf("the error %q is not %q", err, kind)
		}
	}
}

// code is the code of the reply in err, or 0.
func code(err error) ftp.Code {
	var refused *ftp.Error
	if errors.As(err, &refused) {
		return refused.Reply.Code
	}
	return 0
}

// survives checks that the session can be used further.
func survives(t *testing.T, c *ftpclient.Client) {
	t.Helper()
	if err := c.Noop(t.Context()); err != nil {
		t.Errorf("the session did not survive: %v", err)
	}
}

// isLost checks that it cannot, and that nothing more is sent.
func isLost(t *testing.T, h *ftptest.Hostile, c *ftpclient.Client) {
	t.Helper()
	before := len(h.Heard())
	if err := c.Noop(t.Context()); err == nil {
		t.Error("the session goes on")
	}
	if said := h.Heard()[before:]; len(said) > 0 {
		t.Errorf("said %q", said)
	}
}

// within checks how long something took at most by the bubble's clock.
func within(t *testing.T, begin time.Time, most time.Duration) {
	t.Helper()
	if took := time.Since(begin); took > most {
		t.Errorf("it took %v, more than %v", took, most)
	}
}

// list reads a listing to its end.
func list(ctx context.Context, c *ftpclient.Client, dir string) (names []string, err error) {
	for e, err := range c.List(ctx, dir) {
		if err != nil {
			return names, err
		}
		names = append(names, e.Name)
	}
	return names, nil
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
