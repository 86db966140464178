package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sealane/sealane/auth/store"
)

// prepareHomes makes the folder in which accounts get theirs.
func prepareHomes(base string) error {
	if base == "" {
		return nil
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return startError(err, "choose another folder as accounts.homes, or make it writable for this user", "cannot make the folder %s", base)
	}
	return nil
}

// home gives the folder of an account below base, made if it is missing. Whatever the
// name, it is a folder in base itself: none leads to another account's, or out of it
// (S-23, V-02), and a link that somebody has put in its place is refused.
func home(base, account string) (string, error) {
	name, err := store.FolderName(account)
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return "", err
	}
	defer root.Close()
	if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	info, err := root.Lstat(name)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s in %s is not a folder", name, base)
	}
	return filepath.Join(base, name), nil
}
