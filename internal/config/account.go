package config

import (
	"strings"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
)

// Account is one section [[account]].
type Account struct {
	Name         string
	Password     string
	PasswordHash string
	PasswordFile string
	PasswordEnv  string // name of an environment variable
	Host         string // one of the names of a Host; empty: it may log in at every one
	Resumption   string // as DataConfig has it; empty: that one counts
	LegacyEOF    bool
	Admission    auth.Admission
	Sessions     int    // at once; 0: as many as the server has
	Certificate  string // CertificateAlone, CertificateBoth, CertificateEither, or empty
	Certificates []auth.CertificateRule
	Storage      Storage
}

const (
	maxUser     = 255  // bytes of a name
	maxPassword = 1024 // bytes; what auth/password takes
)

// checkName holds names that every client can send and every log can show, and
// that nobody could take for a path (S-23).
func checkName(name string) error {
	switch {
	case name == "":
		return mistakef("give it the name that the client logs in with", "is empty")
	case len(name) > maxUser:
		return mistakef("choose a shorter one", "is longer than %d bytes", maxUser)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' || r == '\\' }):
		return mistakef("choose one of letters and digits", `holds a control character, "/" or "\"`)
	case name == "." || name == "..":
		return mistakef("choose one of letters and digits", "is a name of folders")
	case strings.TrimSpace(name) != name:
		return mistakef("remove the space", "begins or ends with a space, which clients remove")
	}
	return nil
}

func checkPassword(p string) error {
	switch {
	case p == "":
		return mistakef("give one that is hard to guess", "is empty")
	case len(p) > maxPassword:
		return mistakef("choose a shorter one", "is longer than %d bytes", maxPassword)
	case strings.ContainsAny(p, "\x00\r\n"):
		return mistakef("choose another", "holds NUL or a line break, which FTP cannot send")
	case password.IsForeignHash(p):
		return mistakef("give the password itself, or its hash of argon2id, bcrypt, sha512-crypt or PBKDF2", "looks like a hash, of a kind that is not taken")
	}
	return nil
}

func checkHash(h string) error {
	if err := password.CheckHash(h); err != nil {
		return mistakef("a plain password goes into password", "is %v", err)
	}
	return nil
}
