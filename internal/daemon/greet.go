package daemon

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/sealane/sealane/certs"
)

// greet tells a person all that is needed to connect. It must not fail in
// silence: it may show the only copy of a password.
func (d *daemon) greet(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Sealane serves %s\n\n", d.dir)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-14s %s\n", name, fmt.Sprintf(format, args...))
	}
	host := d.host()
	if d.explicit != nil {
		row("explicit FTPS", "ftpes://%s", net.JoinHostPort(host, port(d.explicit)))
	}
	if d.implicit != nil {
		row("implicit FTPS", "ftps://%s", net.JoinHostPort(host, port(d.implicit)))
	}
	if d.legacy != nil {
		row("WARNING", "ftpes://%s takes TLS 1.0, 1.1 and weak suites (listen.legacy)", d.legacy.Addr())
	}
	ports := d.config.Data.Ports.String()
	if fallback := d.config.Data.Fallback; fallback.From != 0 {
		ports += " and " + fallback.String()
	}
	row("data ports", "%s (open these in the firewall, with the ports above)", ports)
	for _, a := range d.accounts {
		row("account", "%s", a.Name)
	}
	if len(d.listed) > 0 {
		row("accounts", "%s", d.keptNames())
	}
	if d.fresh != "" {
		row("password", "%s   (shown this once; only its hash is kept)", d.fresh)
	}
	leaf := d.first.pair.Load().Leaf
	row("certificate", "SHA-256 %s", certs.Fingerprint(leaf))
	row("", "valid until %s, file %s", leaf.NotAfter.UTC().Format("2006-01-02"), d.certificateFile())
	row("public key", "%s   (SHA-256 of the SPKI)", certs.PinSPKI(leaf))
	if d.config.TLS.InsecurePlaintext {
		row("WARNING", "clients may log in and move files without TLS (insecure plaintext is on)")
	}
	b.WriteString("\n")
	d.writeRecipes(&b, host)
	b.WriteString("\nReady. Stop with Ctrl-C.\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// writeRecipes gives lines to paste. They pin the key, so that they are safe with
// a certificate that no authority has signed.
func (d *daemon) writeRecipes(b *strings.Builder, host string) {
	scheme, curlScheme, curlForce, l := "ftpes", "ftp", " --ssl-reqd", d.explicit
	if l == nil {
		scheme, curlScheme, curlForce, l = "ftps", "ftps", "", d.implicit
	}
	at := net.JoinHostPort(host, port(l))
	user := d.someUser()
	pin := certs.PinOf(d.first.pair.Load().Leaf)
	fmt.Fprintf(b, "  sealane    sealane get --pin %s %s://%s@%s/FILE\n", pin, scheme, user, at)
	fmt.Fprintf(b, "  curl       curl%s -k --pinnedpubkey %s -u %s %s://%s/\n", curlForce, pin.Curl(), user, curlScheme, at)
	if file, err := os.ReadFile(d.certificateFile()); err == nil && bytes.Contains(file, []byte("-----BEGIN")) { // it reads no DER
		fmt.Fprintf(b, "  lftp       lftp -u %s -e 'set ftp:ssl-force yes; set ssl:ca-file %s' %s://%s\n", user, d.certificateFile(), curlScheme, at)
	}
	fmt.Fprintf(b, "  FileZilla  host %s://%s, port %s, user %s; compare the certificate with the above\n", scheme, host, port(l), user)
}

// host is the name that other machines are told: the address that was set for
// listening, if it was one, else the first name of the certificate.
func (d *daemon) host() string {
	for _, l := range []net.Listener{d.explicit, d.implicit} {
		if l == nil {
			continue
		}
		if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsUnspecified() {
			return tcp.IP.String()
		}
	}
	if name, err := os.Hostname(); err == nil && d.first.pair.Load().Leaf.VerifyHostname(name) == nil {
		return name
	}
	return "localhost"
}

func port(l net.Listener) string {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		return strconv.Itoa(tcp.Port)
	}
	return ""
}
