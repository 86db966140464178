package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/sealane/sealane/auth/password"
)

// ReadSecretFile reads the one line of a file that holds a password or the hash
// of one. It refuses a file that other users of the machine can read. The line
// end may be LF or CRLF. Errors name the file, and never hold what is in it.
func ReadSecretFile(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	// Windows keeps rights in lists that these bits do not show.
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return "", mistakef("chmod 600 "+name, "others can read the password file %s", name)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxPassword+3))
	if err != nil {
		return "", err
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if err := checkPassword(line); err != nil {
		var m *mistake
		errors.As(err, &m)
		return "", mistakef("it must hold one line, with the password and nothing else", "the password in the file %s %s", name, m.message)
	}
	return line, nil
}

// Secret gives the account's password or its hash, whichever is set, from its
// file if need be; the other is empty.
func (a Account) Secret() (plain, hash string, err error) {
	if a.PasswordFile == "" {
		return a.Password, a.PasswordHash, nil
	}
	line, err := ReadSecretFile(a.PasswordFile)
	if err != nil {
		return "", "", fmt.Errorf("account %q: %w", a.Name, err)
	}
	if password.IsHash(line) {
		return "", line, nil
	}
	return line, "", nil
}
