//go:build interop

package interop

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealane/sealane/certs"
)

// clientPair writes a certificate for the name and its key, and gives the files.
func clientPair(t *testing.T, ca *certs.CA, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := ca.Issue(certs.IssueOptions{Purpose: certs.ForClient, CommonName: name}, private.Public())
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pemFile(t, "CERTIFICATE", chain[0].Raw), pemFile(t, "PRIVATE KEY", der)
}

func pemFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newClientCA(t *testing.T) *certs.CA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := certs.NewCA(certs.CAOptions{Name: "clients"}, key)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// S-12: curl, lftp and ftplib with a certificate that is the account's, with that of
// another account, with one of a foreign authority, and without one. Password and
// certificate are both needed, as it is where certificates are demanded.
func TestS12ClientCertificates(t *testing.T) {
	ca := newClientCA(t)
	s := serve(t, "--client-cert", "require", "--client-ca", pemFile(t, "CERTIFICATE", ca.Chain[0].Raw))
	if err := os.WriteFile(filepath.Join(s.dir, "f"), []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `
import ftplib, ssl, sys
host, port, ca, user, password, cert, key = sys.argv[1:]
c = ssl.create_default_context(cafile=ca)
if cert: c.load_cert_chain(cert, key)
f = ftplib.FTP_TLS(context=c)
f.connect(host, int(port)); f.login(user, password); f.prot_p()
f.retrbinary("RETR f", sys.stdout.buffer.write)
`
	url := fmt.Sprintf("ftp://%s:%d", s.host, s.explicit)
	programs := map[string]func(cert, key string) []string{
		"curl": func(cert, key string) []string {
			args := []string{"curl", "-sS", "--ssl-reqd", "--cacert", s.ca, "-u", user + ":" + s.password}
			if cert != "" {
				args = append(args, "--cert", cert, "--key", key)
			}
			return append(args, url+"/f")
		},
		"lftp": func(cert, key string) []string {
			set := fmt.Sprintf("set net:max-retries 1; set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:ca-file %q; ", s.ca)
			if cert != "" {
				set += fmt.Sprintf("set ssl:cert-file %q; set ssl:key-file %q; ", cert, key)
			}
			return []string{"lftp", "--norc", "-c", set + "open -u " + user + "," + s.password + " " + url + "; cat f"}
		},
		"python3": func(cert, key string) []string {
			return []string{"python3", "-c", script, s.host, fmt.Sprint(s.explicit), s.ca, user, s.password, cert, key}
		},
	}
	for program, command := range programs {
		t.Run(program, func(t *testing.T) {
			if _, err := exec.LookPath(program); err != nil {
				t.Skip(program + " is not installed")
			}
			get := func(cert, key string) (string, error) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				args := command(cert, key)
				out, err := exec.CommandContext(ctx, args[0], args[1:]...).Output()
				return string(out), err
			}
			if got, err := get(clientPair(t, ca, user)); got != "data" || err != nil {
				t.Errorf("its own: %q, %v", got, err)
			}
			if got, err := get(clientPair(t, ca, "bob")); got != "" || err == nil {
				t.Errorf("another account's: %q, %v", got, err)
			}
			if got, err := get(clientPair(t, newClientCA(t), user)); got != "" || err == nil {
				t.Errorf("a foreign authority's: %q, %v", got, err)
			}
			if got, err := get("", ""); got != "" || err == nil {
				t.Errorf("none: %q, %v", got, err)
			}
		})
	}
}
