package daemon

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/internal/config"
)

// Check looks at what the settings name, and gives what a start with them would fail on, as
// far as that can be known without one: it changes nothing and opens no port. The
// errors are StartErrors.
func Check(c config.Config) []error {
	var found []error
	say := func(err error, hint, format string, args ...any) {
		if err != nil {
			found = append(found, startError(err, hint, format, args...))
		}
	}
	const folder = "make the folder, or name another one; the user that the server runs as must be able to read it"
	say(isFolder(c.Dir), folder, "dir %s cannot be served", c.Dir)
	const pair = "give a matching pair, in PEM or DER"
	say(usablePair(c.TLS.Cert, c.TLS.Key), pair, "tls.cert and tls.key cannot be used")
	say(usablePair(c.TLS.SecondCert, c.TLS.SecondKey), pair, "tls.second_cert and tls.second_key cannot be used")
	for _, h := range c.Hosts {
		say(usablePair(h.Cert, h.Key), pair, "cert and key of the host %s cannot be used", strings.Join(h.Names, " "))
	}
	if c.StrictestClientCert() != config.ClientCertOff {
		_, err := newClientTrust(c.TLS.Client)
		say(err, "mend tls.client_ca and tls.client_crl", "the authorities of clients cannot be used")
	}
	if own := c.TLS.ACME; len(own.Names) > 0 {
		if own.Roots != "" {
			if _, err := acmeRoots(own.Roots); err != nil {
				found = append(found, err)
			}
		}
		if len(own.Hook) > 0 {
			_, err := exec.LookPath(own.Hook[0])
			say(err, "name a program that is there and can be run", "tls.acme.hook cannot be run")
		}
	}
	for _, a := range c.Accounts {
		say(isFolder(a.Storage.Dir), folder, "the folder of account %s cannot be served", a.Name)
		for _, m := range a.Storage.Mounts {
			say(isFolder(m.Dir), folder, "the mount %s of account %s cannot be served", m.At, a.Name)
		}
		_, hash, err := a.Secret()
		say(err, "mend password_file or password_env", "the password of account %s cannot be read", a.Name)
		if hash != "" {
			say(password.CheckHash(hash), "make it anew", "the password hash of account %s cannot be used", a.Name)
		}
	}
	return found
}

// isFolder is nil for a folder that can be read, and where none is named.
func isFolder(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s: %w", dir, errNoFolder)
	}
	if err == nil {
		_, err = readable(dir)
	}
	return err
}

var errNoFolder = errors.New("it is not a folder")

func usablePair(cert, key string) error {
	if cert == "" || key == "" {
		return nil
	}
	_, err := certs.Load(cert, key)
	return err
}

// tellWeak logs what of the settings is allowed and weak, but for what is logged where it is
// used.
func (d *daemon) tellWeak() {
	for _, w := range d.config.Weak("") {
		if w.Key == "listen.legacy" || strings.HasPrefix(w.Key, "account[") && (strings.HasSuffix(w.Key, ".durability") || strings.HasSuffix(w.Key, ".uploads")) {
			continue
		}
		d.log.Warn("a setting is weak", "setting", w.Key, "reason", strings.TrimPrefix(w.Message, w.Key+" "), "hint", w.Hint)
	}
}
