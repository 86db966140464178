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

// login finds the user, if u has none, in the netrc file, and the password.
func (f *clientFlags) login(ctx context.Context, env *Env, u ftp.URL) (ftp.URL, error) {
	if u.User == "" {
		e, _, err := f.netrc(env, u.Host, "")
		if err != nil {
			return u, err
		}
		if e.login == "" {
			return u, withHint(usagef("the URL names no user"), "write it before the host: %s", withUser(u))
		}
		u.User = e.login
	}
	var err error
	u.Password, err = f.password(ctx, env, u)
	return u, err
}

// password finds the password for u. What is nearest to this one command wins: the URL
// or --password-file, SEALANE_PASSWORD, netrc, a program that asks, and last the person
// at the terminal.
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
	if e, ok, err := f.netrc(env, u.Host, u.User); err != nil || ok && e.hasPassword {
		return e.password, err
	}
	prompt := fmt.Sprintf("Password of %s at %s: ", ui.Safe(u.User), ui.Safe(u.Host))
	program := f.askpass
	if program == "" {
		program = env.Getenv("SEALANE_ASKPASS")
	}
	if program != "" {
		return askProgram(ctx, env, program, prompt)
	}
	in, ok := env.Stdin.(*os.File)
	if !ok || !ui.IsTerminal(in) {
		return "", withHint(usagef("no password for %s", ui.Safe(u.User)),
			"give it with --password-file FILE, in SEALANE_PASSWORD or in ~/.netrc")
	}
	return askHidden(ctx, in, env.Stderr, prompt)
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
