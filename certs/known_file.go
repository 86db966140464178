package certs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sealane/sealane/internal/atomicfile"
)

// How long a change of the known hosts waits for one by another program, which
// takes milliseconds, and how often it looks.
const (
	lockLimit    = 10 * time.Second
	lockInterval = 10 * time.Millisecond
)

var errLocked = errors.New("another program holds it")

// readKnown reads the file of known hosts at path; one that is not there is
// empty.
func readKnown(path string) (*knownFile, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &knownFile{}, nil
	}
	if err != nil {
		return &knownFile{}, fmt.Errorf("%w: %w", ErrKnownHosts, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		// Whoever writes in it decides whom this user trusts.
		return &knownFile{}, fmt.Errorf("%w: others may write in %s; look through it, and then chmod 600 it", ErrKnownHosts, path)
	}
	f, err := parseKnown(file, path)
	if err != nil {
		return &knownFile{}, err
	}
	return f, nil
}

// update changes the file under a lock. The lock is a file of its own beside it,
// which stays: the file itself is replaced by each change.
func (k *KnownHosts) update(change func(*knownFile) error) error {
	path := k.path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link stays one
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("%w: %w", ErrKnownHosts, err)
	}
	unlock, err := waitForLock(path+".lock", time.Now().Add(lockLimit))
	if err != nil {
		return fmt.Errorf("%w: lock %s.lock: %w", ErrKnownHosts, path, err)
	}
	defer unlock()
	f, err := readKnown(path)
	if err != nil {
		return err
	}
	before := string(f.text())
	if err := change(f); err != nil {
		return err
	}
	text := f.text()
	if string(text) == before {
		return nil
	}
	if len(text) > maxKnownFile {
		return fmt.Errorf("%w: %s would be larger than 4 MiB; remove servers from it", ErrKnownHosts, path)
	}
	if err := atomicfile.Write(path, text, atomicfile.Options{}); err != nil {
		return fmt.Errorf("%w: %w", ErrKnownHosts, err)
	}
	return nil
}

func waitForLock(name string, deadline time.Time) (unlock func(), err error) {
	for {
		unlock, err := lockFile(name)
		if err == nil || !errors.Is(err, errLocked) || time.Now().After(deadline) {
			return unlock, err
		}
		time.Sleep(lockInterval)
	}
}
