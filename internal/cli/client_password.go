package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/ui"
)

// password finds the password for u: --password-file, the URL, the environment,
// and last the person at the terminal.
func (f *clientFlags) password(ctx context.Context, env *Env, u ftp.URL) (string, error) {
	if f.passwordFile != "" {
		if u.HasPassword {
			return "", usagef("the URL holds a password already: --password-file cannot be given with it")
		}
		return config.ReadSecretFile(f.passwordFile)
	}
	if u.HasPassword {
		return u.Password, nil
	}
	if p := env.Getenv("SEALANE_PASSWORD"); p != "" {
		return p, nil
	}
	in, ok := env.Stdin.(*os.File)
	if !ok || !ui.IsTerminal(in) {
		return "", withHint(usagef("no password for %s", ui.Safe(u.User)),
			"give it with --password-file FILE or in SEALANE_PASSWORD")
	}
	return askHidden(ctx, in, env.Stderr, fmt.Sprintf("Password of %s at %s: ", ui.Safe(u.User), ui.Safe(u.Host)))
}

// askHidden asks for a password at the terminal, without showing what is typed.
func askHidden(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("cannot ask for the password: %w", err)
	}
	_, _ = io.WriteString(out, prompt)
	defer fmt.Fprintln(out)
	type answer struct {
		password []byte
		err      error
	}
	got := make(chan answer, 1)
	go func() { // reading a terminal cannot be cancelled; the process ends soon
		p, err := term.ReadPassword(fd)
		got <- answer{p, err}
	}()
	select {
	case <-ctx.Done():
		return "", errors.Join(context.Cause(ctx), term.Restore(fd, before))
	case a := <-got:
		if a.err != nil {
			return "", fmt.Errorf("cannot ask for the password: %w", a.err)
		}
		return string(a.password), nil
	}
}
