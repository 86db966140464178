package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/auth/store/sqlite"
	"github.com/sealane/sealane/internal/config"
)

// KeptAccounts is the accounts of a state folder, to be managed. Close it at the end.
type KeptAccounts interface {
	store.Accounts
	Close() error
}

// OpenKept opens the accounts that a server with these settings keeps beside those of
// its configuration; a server may be running. Without create, the error wraps
// fs.ErrNotExist if no account was ever kept there.
func OpenKept(ctx context.Context, c config.Config, create bool) (KeptAccounts, error) {
	if !create {
		name, err := stateName(c)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(filepath.Join(name, keptFile)); err != nil {
			return nil, startError(err, "sealane user add NAME makes the first one; --state DIR is for a server with another state folder", "no accounts are kept in %s", name)
		}
	}
	state, err := stateDir(c)
	if err != nil {
		return nil, err
	}
	s, err := sqlite.Open(ctx, filepath.Join(state, keptFile))
	if err != nil {
		return nil, unusableKept(err, state)
	}
	return s, nil
}

func unusableKept(err error, state string) error {
	hint := "check the file and who may read it; a copy from a backup takes its place while the server is stopped"
	const broken, corrupt, full, none = 10, 11, 13, 26 // SQLITE_IOERR, _CORRUPT, _FULL, _NOTADB
	var code interface{ Code() int }
	switch {
	case errors.Is(err, sqlite.ErrNewer):
		hint = "use the newer version of sealane that wrote it"
	case errors.As(err, &code) && (code.Code()&0xff == corrupt || code.Code()&0xff == none):
		return startError(nil, "a copy from a backup takes its place while the server is stopped", "%s is damaged, or no file of accounts", filepath.Join(state, keptFile))
	case errors.As(err, &code) && code.Code()&0xff == full:
		return startError(nil, "make room on the disk", "there is no room for the accounts in %s", filepath.Join(state, keptFile))
	case errors.As(err, &code) && code.Code()&0xff == broken:
		return startError(nil, "make room on the disk, or look for what is wrong with it", "the disk refuses to read or write the accounts in %s", filepath.Join(state, keptFile))
	}
	return startError(err, hint, "cannot use the accounts in %s", filepath.Join(state, keptFile))
}

// listKept gives what is kept now, to tell a person of it.
func listKept(ctx context.Context, state string) (list []config.Account, err error) {
	file := filepath.Join(state, keptFile)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	s, err := sqlite.Open(ctx, file)
	if err != nil {
		return nil, unusableKept(err, state)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	groups, err := s.Groups(ctx)
	if err != nil {
		return nil, unusableKept(err, state)
	}
	byName := map[string]store.Group{}
	for _, g := range groups {
		byName[g.Name] = g
	}
	accounts, err := s.List(ctx)
	if err != nil {
		return nil, unusableKept(err, state)
	}
	for _, a := range accounts {
		list = append(list, config.Account{Name: a.Name, Storage: a.Describe(byName[a.Group]).Storage})
	}
	return list, nil
}

// tellKept writes to the log how many accounts are kept, and for which of them uploads
// are less safe.
func (d *daemon) tellKept() {
	if len(d.listed) > 0 {
		d.log.Info("kept accounts", "count", len(d.listed))
		d.trees.tellAccounts(d.log, d.listed)
	}
}

// mostNames is how many kept accounts the greeting names.
const mostNames = 10

// keptNames gives the number of kept accounts and the names of some, as a terminal may
// see them.
func (d *daemon) keptNames() string {
	var names []string
	for _, a := range d.listed[:min(len(d.listed), mostNames)] {
		names = append(names, shown(a.Name))
	}
	text := fmt.Sprintf("%d kept: %s", len(d.listed), strings.Join(names, ", "))
	if len(d.listed) > mostNames {
		text += ", ..."
	}
	return text
}

// shown gives a name without anything that drives a terminal.
func shown(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(name)
	}
	return name
}

// someUser is an account for the recipes: one whose name can be pasted into a shell.
func (d *daemon) someUser() string {
	if len(d.accounts) > 0 {
		return d.accounts[0].Name
	}
	for _, a := range d.listed {
		if strings.Trim(a.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == "" {
			return a.Name
		}
	}
	return "USER"
}

var _ KeptAccounts = (*sqlite.Store)(nil)
