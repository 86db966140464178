package acme

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

// hookTime bounds one run of a hook, which may have to wait until the servers of a
// zone have heard of a record.
const hookTime = 10 * time.Minute

// maxHookOutput bounds what of a hook's words gets into an error.
const maxHookOutput = 400

// Hook answers DNS-01 challenges by a command of the operator's. It is run, without a
// shell, as
//
//	COMMAND… present _acme-challenge.example.org VALUE
//	COMMAND… cleanup _acme-challenge.example.org VALUE
//
// and must set, or remove, the TXT record of that name with that value; a name can
// have several values at once. When it ends with status 0 after present, the
// record can be seen by everybody: it waits for that itself. Its end is awaited for
// at most 10 minutes.
type Hook struct {
	Command []string
}

// Present does nothing yet: it has to return quickly, so Wait sets the record.
func (h *Hook) Present(context.Context, acme.Challenge) error { return nil }

// Wait sets the record.
func (h *Hook) Wait(ctx context.Context, c acme.Challenge) error { return h.run(ctx, "present", c) }

// CleanUp removes it.
func (h *Hook) CleanUp(ctx context.Context, c acme.Challenge) error {
	return h.run(context.WithoutCancel(ctx), "cleanup", c)
}

func (h *Hook) run(ctx context.Context, what string, c acme.Challenge) error {
	ctx, cancel := context.WithTimeout(ctx, hookTime)
	defer cancel()
	args := append(h.Command[1:len(h.Command):len(h.Command)], what, c.DNS01TXTRecordName(), c.DNS01KeyAuthorization())
	cmd := exec.CommandContext(ctx, h.Command[0], args...)
	cmd.WaitDelay = time.Second // for children that keep the pipe
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	words := strings.TrimSpace(string(out[:min(len(out), maxHookOutput)]))
	return fmt.Errorf("acme: the hook could not %s the record %s: %w: %q", what, c.DNS01TXTRecordName(), err, words)
}
