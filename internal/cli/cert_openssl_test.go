//go:build interop

package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestOpenSSLAgrees shows what the cert commands make to OpenSSL, and the other
// way round. R-159: usage and keys; R-160: names are subject alternative names.
func TestOpenSSLAgrees(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("INTEROP_REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Chdir(t.TempDir())
	cert := func(args ...string) {
		t.Helper()
		var errs bytes.Buffer
		env := &Env{Stdin: strings.NewReader(""), Stdout: new(bytes.Buffer), Stderr: &errs, Getenv: func(name string) string {
			if name == "SEALANE_CERT_PASSWORD" {
				return "wonderland"
			}
			return ""
		}}
		if code := Main(context.Background(), env, append([]string{"cert"}, args...)); code != 0 {
			t.Fatalf("sealane cert %s: exit code %d\n%s", strings.Join(args, " "), code, errs.String())
		}
	}
	openssl := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("openssl", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	wants := func(text string, parts ...string) {
		t.Helper()
		for _, p := range parts {
			if !strings.Contains(text, p) {
				t.Errorf("no %q in\n%s", p, text)
			}
		}
	}

	cert("ca", "new")
	wants(openssl("x509", "-in", "ca.crt", "-noout", "-text"), "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign")
	for _, kind := range []string{"ecdsa-p256", "ecdsa-p384", "rsa-2048", "ed25519"} {
		cert("csr", "--key-type", kind, "--out", kind, "files.example", "192.0.2.1", "2001:db8::1")
		openssl("req", "-in", kind+".csr", "-verify", "-noout")
		cert("sign", kind+".csr", "--ca", "ca.crt", "--ca-key", "ca.key")
		wants(openssl("verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "files.example", "-CAfile", "ca.crt", kind+".crt"), ": OK")
		wants(openssl("verify", "-purpose", "sslserver", "-verify_ip", "2001:db8::1", "-CAfile", "ca.crt", kind+".crt"), ": OK")
		wants(openssl("x509", "-in", kind+".crt", "-noout", "-text"), "DNS:files.example, IP Address:192.0.2.1", "TLS Web Server Authentication", "CA:FALSE")
		openssl("pkey", "-in", kind+".key", "-check", "-noout")
	}
	cert("new", "--ca", "ca.crt", "--ca-key", "ca.key", "--client", "anna")
	wants(openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "ca.crt", "client.crt"), ": OK")
	if out, err := exec.Command("openssl", "verify", "-purpose", "sslserver", "-CAfile", "ca.crt", "client.crt").CombinedOutput(); err == nil {
		t.Errorf("a client's certificate passes as a server's:\n%s", out)
	}

	cert("export", "client.crt")
	wants(openssl("pkcs12", "-in", "client.p12", "-passin", "pass:wonderland", "-nodes"), "CN = anna", "BEGIN PRIVATE KEY")
	cert("export", "client.crt", "--legacy", "--out", "old.p12")
	wants(openssl("pkcs12", "-in", "old.p12", "-passin", "pass:wonderland", "-nodes", "-legacy"), "BEGIN PRIVATE KEY")
	openssl("pkcs12", "-export", "-in", "client.crt", "-inkey", "client.key", "-out", "theirs.p12", "-passout", "pass:wonderland")
	cert("import", "theirs.p12")
	cert("check", "theirs.crt", "--key", "theirs.key", "--client", "--ca", "ca.crt")

	openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "their.key", "-out", "their.csr", "-subj", "/CN=files.example",
		"-addext", "subjectAltName=DNS:files.example", "-addext", "basicConstraints=critical,CA:TRUE")
	cert("sign", "their.csr", "--ca", "ca.crt", "--ca-key", "ca.key")
	wants(openssl("x509", "-in", "their.crt", "-noout", "-text"), "CA:FALSE", "DNS:files.example")
	cert("check", "their.crt", "--key", "their.key", "--ca", "ca.crt", "--host", "files.example")
}
