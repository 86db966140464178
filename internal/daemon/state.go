package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sealane/sealane/internal/config"
)

// filesFolder is where the served files are when no folder was named.
const filesFolder = "files"

// stateDir gives the state folder, made where it is missing: the certificate's
// key is in it, so nobody else may read it.
func stateDir(c config.Config) (string, error) {
	dir, err := stateName(c)
	if err != nil {
		return "", err
	}
	const hint = "choose another one with --state DIR, or make it writable for this user"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", startError(err, hint, "cannot make the state folder %s", dir)
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return "", startError(err, hint, "cannot write to the state folder %s", dir)
	}
	return dir, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// stateName says where the state folder is, or will be.
func stateName(c config.Config) (string, error) {
	dir := c.State
	if dir == "" {
		var err error
		if dir, err = defaultStateDir(); err != nil {
			return "", startError(err, "name one with --state DIR", "there is no place for the state folder")
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", startError(err, "name the state folder by its whole path", "cannot find the state folder")
	}
	return dir, nil
}

// defaultStateDir follows the XDG base directories on Unix, and the customs of
// the system elsewhere.
func defaultStateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sealane"), nil
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		dir, err := os.UserConfigDir()
		return filepath.Join(dir, "sealane"), err
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state", "sealane"), err
}

// servedDir gives the folder to serve. One that was named must exist; without a
// name there is one in the state folder.
func servedDir(c config.Config, state string) (string, error) {
	if c.Dir == "" {
		dir := filepath.Join(state, filesFolder)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", startError(err, "name a folder: sealane serve DIR", "cannot make the folder %s", dir)
		}
		return dir, nil
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return "", fmt.Errorf("folder %s: %w", c.Dir, err)
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", startError(nil, "make it first, or name another one: sealane serve DIR", "the folder %s does not exist", dir)
	case err == nil && !info.IsDir():
		return "", startError(nil, "name a folder: sealane serve DIR", "%s is not a folder", dir)
	}
	if err == nil {
		_, err = readable(dir)
	}
	if err != nil {
		return "", startError(err, "give this user the right to read it", "cannot read the folder %s", dir)
	}
	return dir, nil
}

func readable(dir string) (bool, error) {
	f, err := os.Open(dir)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return true, nil
}
