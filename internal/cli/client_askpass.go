package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// Bounds of a program that asks for a password.
const (
	askpassTime  = 5 * time.Minute // a person has to find the password
	maxAskedLine = 4096
)

// askProgram runs a program that asks for a password, with the prompt as its only
// argument and without a shell, and takes the one line that it prints (as ssh does with
// SSH_ASKPASS).
func askProgram(ctx context.Context, env *Env, program, prompt string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askpassTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, prompt)
	var out bounded
	cmd.Stdout, cmd.Stderr = &out, env.Stderr
	cmd.WaitDelay = time.Second // it may have left children that hold its output
	err := cmd.Run()
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, context.Canceled) {
			return "", cause
		}
		err = errors.New("it took too long")
	}
	if err == nil && out.over {
		err = errors.New("it printed too much")
	}
	line := strings.TrimSuffix(strings.TrimSuffix(out.b.String(), "\n"), "\r")
	switch {
	case err == nil && line == "":
		err = errors.New("it printed nothing")
	case err == nil && strings.ContainsAny(line, "\r\n\x00"):
		err = errors.New("it printed more than one line")
	}
	if err != nil {
		return "", withHint(fmt.Errorf("no password from %s: %w", program, err), "the program has to print the password in one line and to end with 0")
	}
	return line, nil
}

// bounded keeps the first bytes that are written, and refuses more.
type bounded struct {
	b    bytes.Buffer
	over bool
}

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > maxAskedLine {
		w.over = true
		return 0, io.ErrShortWrite
	}
	return w.b.Write(p)
}
