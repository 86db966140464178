package certs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	if err := WriteFile(filepath.Join(dir, KeyFile), keyPEM, 0o600, false); err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	if err := WriteFile(filepath.Join(dir, CertFile), certPEM, 0o644, false); err != nil {
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
