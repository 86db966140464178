package certs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// The files of LoadOrCreate.
const (
	CertFile = "server.crt"
	KeyFile  = "server.key"
)

// LoadOrCreate loads server.crt and server.key from dir. If neither is there it
// makes a self-signed pair for hosts first, with DefaultValidity, and reports
// created. dir is made, for its owner only, if it is missing; the key can be
// read by its owner only.
//
// It never overwrites: one file without the other is an error, so is a pair
// that [Load] refuses, and of two processes that start at the same moment one
// fails. hosts do not matter once the pair is there.
func LoadOrCreate(dir string, hosts []string) (pair Pair, created bool, err error) {
	return loadOrCreate(dir, hosts, time.Now())
}

func loadOrCreate(dir string, hosts []string, now time.Time) (pair Pair, created bool, err error) {
	certFile, keyFile := filepath.Join(dir, CertFile), filepath.Join(dir, KeyFile)
	haveCert, err := exists(certFile)
	if err != nil {
		return Pair{}, false, fmt.Errorf("certificate: %w", err)
	}
	haveKey, err := exists(keyFile)
	if err != nil {
		return Pair{}, false, fmt.Errorf("key: %w", err)
	}
	switch {
	case haveKey && !haveCert:
		return Pair{}, false, halfPair(keyFile, certFile)
	case haveCert && !haveKey:
		return Pair{}, false, halfPair(certFile, keyFile)
	case !haveCert:
		if err := create(dir, Options{Hosts: hosts, Now: now}); err != nil {
			return Pair{}, false, err
		}
		created = true
	}
	pair, err = load(certFile, keyFile, now)
	return pair, created && err == nil, err
}

func halfPair(have, miss string) error {
	return fmt.Errorf("%s is there but %s is not: %w; bring the missing file back, or delete the other to have a new pair made",
		have, miss, fs.ErrNotExist)
}

func create(dir string, o Options) error {
	certPEM, keyPEM, err := SelfSigned(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a folder for the certificate: %w", err)
	}
	// The key comes first: a crash in between leaves a key that nobody has seen,
	// rather than a certificate that somebody trusts and nobody can use.
	if err := writeNew(filepath.Join(dir, KeyFile), keyPEM, 0o600); err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	if err := writeNew(filepath.Join(dir, CertFile), certPEM, 0o644); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	return nil
}

// exists is true for a dangling link as well: it was meant to be there.
func exists(name string) (bool, error) {
	_, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// writeNew puts data under name in one step, on disk before it returns. It
// fails with fs.ErrExist when name is there.
func writeNew(name string, data []byte, mode fs.FileMode) error {
	return writeBeside(name, data, mode, publish)
}

// writeBeside writes data to a new file beside name, and to the disk; place then gives
// it the name.
func writeBeside(name string, data []byte, mode fs.FileMode, place func(from, name string) error) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, ".new-*") // 0600 from its first moment
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		os.Remove(f.Name()) // gone already when it was renamed
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil && runtime.GOOS != "windows" {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := place(f.Name(), name); err != nil {
		return err
	}
	return syncDir(dir)
}

// publish gives the file temp its name. A link fails when name is there, which
// a rename does not; a rename serves file systems without links (FAT).
func publish(temp, name string) error {
	err := os.Link(temp, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if there, err := exists(name); err != nil || there {
		return errors.Join(err, fs.ErrExist)
	}
	return os.Rename(temp, name)
}

// syncDir makes new names last through a power cut. Windows cannot sync a
// folder and needs no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
