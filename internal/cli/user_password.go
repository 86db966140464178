package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/internal/ui"
)

// newPassword is the flags of a new password.
type newPassword struct {
	file   string
	stdin  bool
	random bool
	none   bool
}

func (p *newPassword) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.file, "password-file", "", "the password, or its hash, is the line in `FILE`, which others must not be able to read")
	cmd.Flags().BoolVar(&p.stdin, "password-stdin", false, "the password, or its hash, is the first line of the standard input")
	cmd.Flags().BoolVar(&p.random, "random", false, "make a password and print it, once")
	cmd.Flags().BoolVar(&p.none, "no-password", false, "no password logs in, only a certificate (--certificate alone)")
}

// hash gives the hash of the new password of an account; shown is the password if it
// was made here and must be printed.
func (p *newPassword) hash(ctx context.Context, env *Env, name string) (hash, shown string, err error) {
	ways := 0
	for _, given := range []bool{p.file != "", p.stdin, p.random, p.none} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return "", "", withHint(usagef("there is more than one password"), "keep one of --password-file, --password-stdin, --random and --no-password")
	}
	if p.none {
		return "", "", nil
	}
	if p.random {
		shown = password.Random()
		hash, err = password.Hash(shown)
		return hash, shown, err
	}
	given, err := p.read(ctx, env, name)
	if err != nil {
		return "", "", err
	}
	if password.IsHash(given) {
		return given, "", withHint(password.CheckHash(given), "give the password itself, or a whole hash of argon2id, bcrypt, sha512-crypt or PBKDF2")
	}
	if password.IsForeignHash(given) {
		return "", "", withHint(fmt.Errorf("what was given for %s looks like a hash, of a kind that is not taken", ui.Safe(name)), "give the password itself, or its hash of argon2id, bcrypt, sha512-crypt or PBKDF2")
	}
	if err := (password.Policy{}).Check(name, given); err != nil {
		return "", "", withHint(err, "choose another password; --random makes a good one")
	}
	hash, err = password.Hash(given)
	return hash, "", err
}

func (p *newPassword) read(ctx context.Context, env *Env, name string) (string, error) {
	if p.file != "" {
		return config.ReadSecretFile(p.file)
	}
	if p.stdin {
		return firstLine(env.Stdin)
	}
	in, ok := env.Stdin.(*os.File)
	if !ok || !ui.IsTerminal(in) {
		return "", withHint(usagef("no password for %s", ui.Safe(name)), "give it with --password-file FILE or --password-stdin, or let --random make one")
	}
	first, err := askHidden(ctx, in, env.Stderr, fmt.Sprintf("New password of %s: ", ui.Safe(name)))
	if err != nil {
		return "", err
	}
	again, err := askHidden(ctx, in, env.Stderr, "The same again: ")
	if err == nil && again != first {
		err = withHint(errors.New("the two passwords are not the same"), "run it again")
	}
	return first, err
}

// firstLine reads one line, without its end.
func firstLine(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, password.MaxLen+2))
	if err != nil {
		return "", fmt.Errorf("cannot read the password: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}
