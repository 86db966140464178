package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	if info.Mode().IsRegular() && OthersCanRead(info) {
		return "", mistakef("chmod 600 "+name, "others can read the password file %s", name)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxPassword+3))
	if err != nil {
		return "", err
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if err := checkPassword(line); err != nil {
		return "", mistakef(secretHint(err, line, "it must hold one line, with the password and nothing else"), "the password in the file %s %v", name, err)
	}
	return line, nil
}

// OthersCanRead reports whether other users of the machine may do anything with a file that
// is to be secret. On Windows it does not know, and says no: rights are in lists there that
// the bits do not show.
func OthersCanRead(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}

// readSecretVariable reads a password, or the hash of one, from the environment. Errors never
// hold what is in it.
func readSecretVariable(name string) (string, error) {
	text, ok := os.LookupEnv(name)
	if !ok {
		return "", mistakef("set it for the server", "there is no environment variable %s", name)
	}
	if err := checkPassword(text); err != nil {
		return "", mistakef(secretHint(err, text, "it must hold the password and nothing else"), "the password in the environment variable %s %v", name, err)
	}
	return text, nil
}

// secretHint is hint, but for hashes of other programs, of which the parser knows more.
func secretHint(err error, text, hint string) string {
	if m := (*mistake)(nil); errors.As(err, &m) && password.IsForeignHash(text) {
		return m.hint
	}
	return hint
}

// checkVariable holds the names that every system can have.
func checkVariable(name string) error {
	if name == "" || strings.ContainsAny(name, "=\x00 \t\r\n") {
		return mistakef("write its name, without a dollar sign", "is not the name of an environment variable")
	}
	return nil
}

// Secret gives the account's password or its hash, whichever is set, from its
// file or the environment if need be; the other is empty.
func (a Account) Secret() (plain, hash string, err error) {
	var line string
	switch {
	case a.PasswordFile != "":
		line, err = ReadSecretFile(a.PasswordFile)
	case a.PasswordEnv != "":
		line, err = readSecretVariable(a.PasswordEnv)
	default:
		return a.Password, a.PasswordHash, nil
	}
	if err != nil {
		return "", "", fmt.Errorf("account %q: %w", a.Name, err)
	}
	if password.IsHash(line) {
		return "", line, nil
	}
	return line, "", nil
}
