package daemon

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/internal/config"
)

// hostConfig is a configuration with two hosts, one of them with a certificate.
func hostConfig(t *testing.T) config.Config {
	t.Helper()
	dir := t.TempDir()
	cert, key, err := certs.SelfSigned(certs.Options{Hosts: []string{"a.example"}})
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Hosts = []config.Host{
		{Names: []string{"a.example", "ftp.a.example"}, Greeting: "This is A.", Cert: filepath.Join(dir, "a.crt"), Key: filepath.Join(dir, "a.key")},
		{Names: []string{"b.example"}},
	}
	for name, data := range map[string][]byte{c.Hosts[0].Cert: cert, c.Hosts[0].Key: key} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// The settings of the hosts reach the server.
func TestHostSettings(t *testing.T) {
	c := hostConfig(t)
	c.TLS.StrictSNI = true
	d := &daemon{lasting: &lasting{}, config: c, log: newLogger(io.Discard, c.Log.Format)}
	var err error
	if d.hosts, err = loadHosts(c.Hosts, newKeyring(slog.New(slog.DiscardHandler))); err != nil {
		t.Fatal(err)
	}
	d.build()
	hosts := d.server.Hosts
	if len(hosts) != 2 || hosts[0].Names[1] != "ftp.a.example" || hosts[0].Greeting != "This is A." || hosts[1].GetCertificate != nil || !d.server.TLS.StrictSNI {
		t.Fatalf("%+v", hosts)
	}
	pair, err := hosts[0].GetCertificate(&tls.ClientHelloInfo{})
	if err != nil || pair.Leaf.DNSNames[0] != "a.example" {
		t.Errorf("certificate: %v", err)
	}
	c.Hosts[0].Key = filepath.Join(t.TempDir(), "none.key")
	var start *StartError
	if _, err := loadHosts(c.Hosts, newKeyring(slog.New(slog.DiscardHandler))); !errors.As(err, &start) || start.Hint() == "" {
		t.Errorf("without a key: %v", err)
	}
}

// An account that belongs to a host logs in there and nowhere else, by whichever of
// the names the settings call it.
func TestAccountOfAHost(t *testing.T) {
	hash, err := password.Hash("x")
	if err != nil {
		t.Fatal(err)
	}
	list := []config.Account{
		{Name: "anna", PasswordHash: hash, Host: "ftp.a.example"},
		{Name: "bob", PasswordHash: hash, Host: "b.example"},
		{Name: "all", PasswordHash: hash},
	}
	d := &daemon{lasting: &lasting{}, config: hostConfig(t), policies: policies(list)}
	d.trees = newTrees(config.Default(), t.TempDir(), newFolders())
	t.Cleanup(func() { d.trees.Close() })
	if d.book, err = book(t.Context(), list, d.trees); err != nil {
		t.Fatal(err)
	}
	for account, may := range map[string]map[string]bool{
		"anna": {"a.example": true}, "bob": {"b.example": true}, "all": {"": true, "a.example": true, "b.example": true},
	} {
		for _, host := range []string{"", "a.example", "b.example"} {
			grant, err := d.login(t.Context(), auth.Credentials{User: account, Password: "x", Host: host})
			if may[host] && err != nil || !may[host] && (grant != nil || !errors.Is(err, auth.ErrDenied)) {
				t.Errorf("%s at %q: %v, %v", account, host, grant, err)
			}
		}
		if _, err := d.login(t.Context(), auth.Credentials{User: account, Password: "y", Host: "a.example"}); !errors.Is(err, auth.ErrDenied) {
			t.Errorf("%s with a wrong password: %v", account, err)
		}
	}
}
