//go:build interop

package interop

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// T-17: what "openssl s_client" gets of each version and suite, on a usual listener
// and on the one for old devices.
func TestT17OpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	at := local(t, dataPorts+1)
	at.ports = dataPorts
	legacy := net.JoinHostPort(at.host, strconv.Itoa(at.data+dataPorts))
	settings := filepath.Join(t.TempDir(), "sealane.toml")
	if err := os.WriteFile(settings, fmt.Appendf(nil, "[listen]\nlegacy = %q\n", legacy), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveAt(t, at, "--config", settings)
	s.logs(t, "takes TLS 1.0, 1.1 and weak suites")
	s.logs(t, "level=WARN msg=\"old and weak TLS")
	usual := net.JoinHostPort(at.host, strconv.Itoa(at.explicit))
	client := func(addr, input string, flags ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, openssl, append([]string{"s_client", "-starttls", "ftp", "-connect", addr}, flags...)...)
		cmd.Stdin = strings.NewReader(input)
		out, _ := cmd.CombinedOutput() // it fails where it is refused
		return string(out)
	}
	for _, row := range []struct {
		name        string
		flags       []string
		modern, old bool
	}{
		{"TLS13", []string{"-tls1_3"}, true, true},
		{"TLS12", []string{"-tls1_2"}, true, true},
		{"TLS12_CHACHA", []string{"-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"}, true, true},
		{"TLS12_CBC", []string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"}, false, true},
		{"TLS12_CBC_SHA256", []string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"}, false, false},
		{"TLS12_DHE", []string{"-tls1_2", "-cipher", "DHE:@SECLEVEL=0"}, false, false},
		{"TLS12_NULL", []string{"-tls1_2", "-cipher", "NULL:@SECLEVEL=0"}, false, false},
		{"TLS11", []string{"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, false, true},
		{"TLS10", []string{"-tls1", "-cipher", "ALL:@SECLEVEL=0"}, false, true},
	} {
		for addr, want := range map[string]bool{usual: row.modern, legacy: row.old} {
			out := client(addr, "QUIT\r\n", row.flags...)
			if taken := strings.Contains(out, "-----BEGIN CERTIFICATE-----"); taken != want {
				t.Errorf("%s, for old devices %t: taken %t\n%s", row.name, addr == legacy, taken, out)
			}
		}
	}
	s.logs(t, `tls="TLS 1.0" legacy=true`)
}
