package daemon

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealane/sealane/internal/config"
)

// printed is what a start prints; it fails as a full disk does.
type printed struct {
	text strings.Builder
	full bool
	stop context.CancelFunc
}

func (s *printed) Write(p []byte) (int, error) {
	if s.full {
		return 0, &os.PathError{Op: "write", Path: "/dev/stdout", Err: errors.New("no space left on device")}
	}
	s.stop()
	return s.text.Write(p)
}

// An account of which nobody has seen the password is not kept: neither where it could not be
// printed, nor where the start failed behind it.
func TestFirstAccountIsSeen(t *testing.T) {
	c := config.Default()
	c.State = t.TempDir()
	c.Listen.Explicit, _ = config.ParseListen("127.0.0.1:0")
	c.Listen.Implicit, _ = config.ParseListen("off")
	c.Data.Mode = config.ModeExclusive
	c.Data.Ports = config.PortRange{From: 20000, To: 29999}
	account := filepath.Join(c.State, accountsFile)
	start := func(c config.Config, out *printed) error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		out.stop = stop
		return Run(ctx, c, Process{Out: out, Log: io.Discard})
	}
	var failed *StartError
	if err := start(c, &printed{full: true}); !errors.As(err, &failed) || failed.Hint() == "" {
		t.Errorf("without an output: %v", err)
	}
	if _, err := os.Stat(account); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the account is there, and nobody knows its password: %v", err)
	}
	broken := c
	if err := os.WriteFile(account+".x", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	broken.Homes = account + ".x"
	if err := start(broken, &printed{}); !errors.As(err, &failed) {
		t.Errorf("with a file for the homes: %v", err)
	}
	if _, err := os.Stat(account); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the account is there after a start that failed: %v", err)
	}
	out := &printed{}
	if err := start(c, out); err != nil || !strings.Contains(out.text.String(), "shown this once") {
		t.Errorf("%v\n%s", err, out.text.String())
	}
	if _, err := os.Stat(account); err != nil {
		t.Error(err)
	}
}
