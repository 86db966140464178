package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/auth/store/sqlite"
)

// An account is kept in a file, and logs in.
func Example() {
	dir, err := os.MkdirTemp("", "accounts")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	accounts, err := sqlite.Open(ctx, filepath.Join(dir, "accounts.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer accounts.Close()

	hash, err := password.Hash("correct horse")
	if err == nil {
		err = accounts.Add(ctx, store.Account{Name: "anna", PasswordHash: hash})
	}
	if err != nil {
		fmt.Println(err)
		return
	}

	open := func(_ context.Context, a auth.Account, _ auth.Credentials) (*auth.Grant, error) {
		return &auth.Grant{Account: a.Name}, nil // and, in a server, its tree
	}
	login := store.NewLogin(accounts, password.NewChecker(), open, func(account string, err error) { fmt.Println(account, err) })
	grant, err := login.Login(ctx, auth.Credentials{User: "anna", Password: "correct horse"})
	fmt.Println(grant.Account, err)
	_, err = login.Login(ctx, auth.Credentials{User: "anna", Password: "wrong"})
	fmt.Println(errors.Is(err, auth.ErrDenied))
	// Output:
	// anna <nil>
	// true
}
