package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/internal/control"
	"github.com/sealane/sealane/internal/ui"
)

type userImportCommand struct {
	userCommand
	group  string
	update bool
}

func newUserImportCommand(env *Env) *cobra.Command {
	c := &userImportCommand{userCommand: userCommand{env: env}}
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Add the accounts of a password file",
		Long: `Add an account for each line NAME:HASH of a file, or of the standard input if it
is "-". Hashes are of argon2id, argon2i, bcrypt (htpasswd -B), sha512-crypt ($6$) or
PBKDF2; each is replaced by argon2id at the next login. Empty lines and lines that
begin with # do not count. Nothing is added if a line cannot be used.`,
		Example: "  htpasswd -B -c users anna\n  sealane user import users",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&c.group, "group", "", "put new accounts into this `GROUP`")
	cmd.Flags().BoolVar(&c.update, "update", false, "give accounts that are there already the password of the file")
	return cmd
}

func (c *userImportCommand) run(ctx context.Context, file string) error {
	list, err := c.read(file)
	if err != nil {
		return err
	}
	return c.with(ctx, true, func(all store.Accounts) error {
		there := map[string]bool{}
		for _, a := range list {
			switch _, err := all.Get(ctx, a.Name); {
			case err == nil && !c.update:
				return withHint(about("account", a.Name, store.ErrExists), "remove its line, or give it the password of the file with --update; nothing was added")
			case err != nil && !errors.Is(err, store.ErrNotFound):
				return about("account", a.Name, err)
			default:
				there[a.Name] = err == nil
			}
		}
		if c.group != "" {
			if _, err := all.Group(ctx, c.group); err != nil {
				return about("group", c.group, err)
			}
		}
		return c.put(ctx, all, list, there)
	})
}

// importedDetail is how accounts came, in the trail.
const importedDetail = "from a password file"

func (c *userImportCommand) put(ctx context.Context, all store.Accounts, list []store.Account, there map[string]bool) error {
	added := 0
	for _, a := range list {
		if there[a.Name] {
			hash := a.PasswordHash
			if err := c.rehash(ctx, all, a.Name, hash); err != nil {
				return err
			}
			c.did(control.AccountPassword, a.Name, importedDetail)
			continue
		}
		if err := all.Add(ctx, a); err != nil {
			return about(missing(ctx, all, a.Name, a.Group, err))
		}
		c.did(control.AccountAdd, a.Name, importedDetail)
		added++
	}
	return c.say("%s added, %d changed", ui.Counted(added, "account"), len(list)-added)
}

func (c *userImportCommand) rehash(ctx context.Context, all store.Accounts, name, hash string) error {
	return c.userCommand.update(ctx, all, name, func(a *store.Account) error { a.PasswordHash = hash; return nil })
}

// read takes all lines, or says which one is wrong.
func (c *userImportCommand) read(file string) ([]store.Account, error) {
	in := c.env.Stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return readPasswords(in, ui.Safe(file), c.group)
}

func readPasswords(in io.Reader, file, group string) ([]store.Account, error) {
	var list []store.Account
	first := map[string]int{}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		wrong := func(err error, hint string) error {
			return withHint(fmt.Errorf("%s:%d: %w", file, n, err), "%s; nothing was added", hint)
		}
		name, hash, ok := strings.Cut(line, ":")
		if !ok {
			return nil, wrong(errors.New("it is not of the form NAME:HASH"), "mend or remove the line")
		}
		a := store.Account{Name: name, PasswordHash: hash, Group: group}
		if err := a.Check(); err != nil {
			return nil, wrong(err, "mend or remove the line")
		}
		if err := password.CheckHash(hash); err != nil {
			return nil, wrong(err, "make the hash anew, such as with htpasswd -B, or remove the line")
		}
		if before := first[name]; before != 0 {
			return nil, wrong(fmt.Errorf("the name is in line %d, too", before), "remove one of the two")
		}
		first[name] = n
		list = append(list, a)
	}
	if err := lines.Err(); err != nil {
		return nil, withHint(fmt.Errorf("%s: %w", file, err), "check that it is a file of lines NAME:HASH")
	}
	return list, nil
}
