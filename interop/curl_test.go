//go:build interop

package interop

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCurl(t *testing.T) { suite(t, curl()) }

func curl() client {
	quote := func(t *testing.T, l link, lines ...string) {
		args := curlArgs(l)
		for _, line := range lines {
			args = append(args, "-Q", line)
		}
		run(t, "curl", append(args, "--head", curlURL(l, ""))...)
	}
	return client{
		name: "curl", program: "curl", version: []string{"--version"}, implicit: true, huge: true,
		put: func(t *testing.T, l link, local, remote string) {
			run(t, "curl", append(curlArgs(l), "-T", local, curlURL(l, remote))...)
		},
		get: func(t *testing.T, l link, remote, local string) {
			run(t, "curl", append(curlArgs(l), "-o", local, curlURL(l, remote))...)
		},
		resumePut: func(t *testing.T, l link, local, remote string) {
			run(t, "curl", append(curlArgs(l), "-C", "-", "-T", local, curlURL(l, remote))...)
		},
		resumeGet: func(t *testing.T, l link, remote, local string) {
			run(t, "curl", append(curlArgs(l), "-C", "-", "-o", local, curlURL(l, remote))...)
		},
		list: func(t *testing.T, l link, dir string) string {
			return run(t, "curl", append(curlArgs(l), curlURL(l, dir+"/"))...)
		},
		facts: func(t *testing.T, l link, dir string) string {
			return run(t, "curl", append(curlArgs(l), "-X", "MLSD", curlURL(l, dir+"/"))...)
		},
		mkdir:  func(t *testing.T, l link, dir string) { quote(t, l, "MKD "+dir) },
		rename: func(t *testing.T, l link, from, to string) { quote(t, l, "RNFR "+from, "RNTO "+to) },
		remove: func(t *testing.T, l link, name string) { quote(t, l, "DELE "+name) },
		rmdir:  func(t *testing.T, l link, dir string) { quote(t, l, "RMD "+dir) },
	}
}

func curlArgs(l link) []string {
	args := []string{"--disable", "--silent", "--show-error", "--fail", "--cacert", l.ca, "--user", user + ":" + l.password}
	if !l.implicit {
		args = append(args, "--ssl-reqd")
	}
	if l.version == "1.2" {
		return append(args, "--tlsv1.2", "--tls-max", "1.2")
	}
	return append(args, "--tlsv1.3")
}

func curlURL(l link, name string) string {
	scheme := "ftp"
	if l.implicit {
		scheme = "ftps"
	}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return fmt.Sprintf("%s://%s/%s", scheme, l.address(), strings.Join(parts, "/"))
}

// TestCurlParallel: 20 transfers at once, which share curl's cache of TLS
// sessions; each gets its own file and no other.
func TestCurlParallel(t *testing.T) {
	c := curl()
	c.need(t)
	s := serve(t)
	for _, l := range []link{{s, false, "1.3"}, {s, false, "1.2"}, {s, true, "1.3"}} {
		t.Run(l.String(), func(t *testing.T) {
			dir := t.TempDir()
			args := append(curlArgs(l), "--parallel", "--parallel-immediate", "--parallel-max", "20")
			for i := range 20 {
				name := fmt.Sprintf("parallel%02d.bin", i)
				sample(t, filepath.Join(l.dir, name), 300*kib+int64(i))
				args = append(args, "-o", filepath.Join(dir, name), curlURL(l, name))
			}
			run(t, "curl", args...)
			for _, name := range entries(t, dir) {
				if got, want := sum(t, filepath.Join(dir, name)), sum(t, filepath.Join(l.dir, name)); got != want {
					t.Errorf("%s: got %s, want %s", name, got, want)
				}
			}
			if n := len(entries(t, dir)); n != 20 {
				t.Errorf("%d files arrived, want 20", n)
			}
		})
	}
}

// TestCurlPin: the line that README shows, which trusts the key alone. A wrong
// pin moves nothing.
func TestCurlPin(t *testing.T) {
	c := curl()
	c.need(t)
	s := serve(t)
	text, err := os.ReadFile(s.ca)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatal("server.crt is not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	source := filepath.Join(t.TempDir(), "source")
	sample(t, source, 100*kib)
	put := func(key [32]byte, name string) error {
		_, err := command(t, patience, nil, "", "curl", "--disable", "--silent", "--show-error", "--ssl-reqd", "--insecure",
			"--pinnedpubkey", "sha256//"+base64.StdEncoding.EncodeToString(key[:]), "--user", user+":"+s.password,
			"-T", source, curlURL(link{s, false, "1.3"}, name))
		return err
	}
	if err := put(key, "pinned.bin"); err != nil {
		t.Fatal(err)
	}
	if got, want := sum(t, filepath.Join(s.dir, "pinned.bin")), sum(t, source); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	key[0] ^= 1
	if err := put(key, "stranger.bin"); err == nil {
		t.Error("curl accepted a key that is not the pinned one")
	}
	if _, err := os.Stat(filepath.Join(s.dir, "stranger.bin")); !os.IsNotExist(err) {
		t.Errorf("a file was made for a client that did not trust the server: %v", err)
	}
}

// TestCurlPlaintextRefused: without TLS the password is not even asked for
// (RFC 4217 §11), so curl has no reason to send it.
func TestCurlPlaintextRefused(t *testing.T) {
	c := curl()
	c.need(t)
	s := serve(t)
	_, err := command(t, patience, nil, "", "curl", "--disable", "--silent", "--show-error", "--verbose",
		"--user", user+":"+s.password, curlURL(link{s, false, "1.3"}, ""))
	if err == nil {
		t.Fatal("a login without TLS was accepted")
	}
	if strings.Contains(err.Error(), "> PASS") {
		t.Errorf("the client was brought to send its password in clear:\n%v", err)
	}
}
