package config

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Hashes of every scheme that a login verifies can stand in the file, and in a password
// file; one that cannot be used is a mistake, not a password.
func TestPasswordHashes(t *testing.T) {
	for name, hash := range map[string]string{
		"argon2id":     "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"argon2i":      "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"bcrypt":       "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
		"sha512-crypt": "$6$rounds=1000$abc$noBronbzNMcAtG61/dMHzc1H.fuLjHArF9.wCx8LbkVDMMEuChQCPee28tiPcXHL/CMNpCqo6OPTyoEpoCMsY/",
	} {
		if _, err := Parse(name, fmt.Appendf(nil, "[[account]]\nname = 'x'\npassword_hash = '%s'\n", hash)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(hash+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if plain, got, err := (Account{Name: "x", PasswordFile: file}).Secret(); plain != "" || got != hash || err != nil {
			t.Errorf("%s in a file: %q, %q, %v", name, plain, got, err)
		}
	}
	for _, bad := range []string{"secret", "$2a$99$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "$apr1$x$y", "$argon2id$"} {
		if _, err := Parse("bad", fmt.Appendf(nil, "[[account]]\nname = 'x'\npassword_hash = '%s'\n", bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
