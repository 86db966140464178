//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPHP(t *testing.T) { suite(t, php()) }

// php speaks explicit TLS only, takes every certificate, and has no setting for
// the TLS version but OpenSSL's own.
func php() client {
	return scripted(client{
		name: "PHP", program: "php",
		version: []string{"-r", `if (!function_exists("ftp_ssl_connect")) exit(1); echo "PHP ", PHP_VERSION, "\n";`},
	}, phpEnv, phpScript()...)
}

// phpScript is what comes after "php".
func phpScript() []string { return []string{"-d", "display_errors=stderr", "testdata/client.php"} }

// phpEnv sets the TLS version.
func phpEnv(t *testing.T, l link) []string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "openssl.cnf")
	text := "openssl_conf = start\n[start]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\n" +
		"MinProtocol = TLSv" + l.version + "\nMaxProtocol = TLSv" + l.version + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"OPENSSL_CONF=" + config}
}
