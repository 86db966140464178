package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	user     = "bench"
	certName = "localhost"
	// account is the account, and the group, of the system as which all servers
	// touch files. It is in every Debian, and unlike that of nobody its home
	// exists, which vsftpd wants.
	account   = "daemon"
	accountID = 1

	smallSize  = 4096
	smallFiles = 64
	// portsEach is how many data ports a server other than Sealane gets. Each has its own, so that
	// none meets connections of another that are in TIME-WAIT.
	portsEach = 900
)

// place is what all servers of a run have in common.
type place struct {
	dir      string // everything below; removed at the end
	tree     string // what the servers serve
	fetched  string
	cert     string
	key      string
	both     string // key and certificate in one file
	password string
	argon2   string // its hashes
	yescrypt string
	port     int
	products []product
	cleanups []func() // also of products that take no part
	group    groupMaker
}

func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

// dataPorts is the range of the product with this index.
func (p *place) dataPorts(index int) (from, to int) {
	from = p.port + 100 + index*portsEach
	return from, from + portsEach - 1
}

// prepare makes the files, the certificate and the hashes of a run.
func prepare(o *options, progress io.Writer) (*place, error) {
	fetched, err := filepath.Abs(o.fetched)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(fetched, "complete")); err != nil {
		return nil, fmt.Errorf("the other servers are not in %s. Run: bench/install.sh %s", fetched, o.fetched)
	}
	group, err := newGroupMaker(o.accounting)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(o.tmp, "sealane-bench-")
	if err != nil {
		return nil, err
	}
	p := &place{dir: dir, tree: filepath.Join(dir, "tree"), fetched: fetched, password: rand.Text(), port: o.port, group: group}
	if err := p.fill(o, progress); err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

func (p *place) remove() {
	for _, cleanup := range p.cleanups {
		cleanup()
	}
	if err := os.RemoveAll(p.dir); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v; remove %s by hand\n", err, p.dir)
	}
}

func (p *place) fill(o *options, progress io.Writer) error {
	// The servers change to account before they read.
	if err := os.Chmod(p.dir, 0o755); err != nil {
		return err
	}
	if err := p.certificate(); err != nil {
		return err
	}
	fmt.Fprintf(progress, "making %d MiB of files and a folder with %d entries in %s\n", o.size>>20, o.entries, p.tree)
	if err := p.files(o); err != nil {
		return err
	}
	if err := p.hashes(); err != nil {
		return err
	}
	all := []func(*place, *options) (product, error){sealane, vsftpd, proftpd, pureftpd, pyftpdlib}
	for _, setUp := range all {
		product, err := setUp(p, o)
		if err != nil {
			return err
		}
		if product.cleanup != nil {
			p.cleanups = append(p.cleanups, product.cleanup)
		}
		if len(o.servers) > 0 && product.name != sealaneName && !slices.Contains(o.servers, product.name) {
			continue
		}
		p.products = append(p.products, product)
	}
	return nil
}

// certificate makes a self-signed ECDSA P-256 certificate.
func (p *place) certificate() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: certName},
		DNSNames:              []string{certName},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2)},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(7 * 24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	p.cert, p.key, p.both = p.path("cert.pem"), p.path("key.pem"), p.path("both.pem")
	return errors.Join(
		os.WriteFile(p.cert, cert, 0o644),
		p.private(p.key, secret),
		p.private(p.both, append(secret, cert...)),
	)
}

// private writes a file that account can read, and nobody else but root.
func (p *place) private(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	return os.Chown(path, accountID, accountID)
}

// folder makes a folder of account.
func (p *place) folder(path string) error {
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	return os.Chown(path, accountID, accountID)
}

func (p *place) files(o *options) error {
	for _, name := range []string{"", "up", "small", "list"} {
		if err := p.folder(filepath.Join(p.tree, name)); err != nil {
			return err
		}
	}
	block := make([]byte, 1<<20)
	_, _ = rand.Read(block) // never fails
	if err := p.file("big", block, o.size); err != nil {
		return err
	}
	if err := p.file("part", block, o.size/int64(o.streams)); err != nil {
		return err
	}
	for i := range smallFiles {
		if err := p.file(smallName(i), block, smallSize); err != nil {
			return err
		}
	}
	for i := range o.entries {
		if err := p.file(fmt.Sprintf("list/entry-%06d.dat", i), nil, 0); err != nil {
			return err
		}
	}
	return nil
}

func smallName(i int) string { return fmt.Sprintf("small/file-%02d", i%smallFiles) }

func (p *place) file(name string, block []byte, size int64) error {
	f, err := os.Create(filepath.Join(p.tree, name))
	if err != nil {
		return err
	}
	defer f.Close()
	for size > 0 {
		n, err := f.Write(block[:min(size, int64(len(block)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	if err := f.Chown(accountID, accountID); err != nil {
		return err
	}
	return f.Close()
}

// libsodium prints the argon2id hash of its standard input with the parameters
// that Sealane has by default: 19 MiB, two passes.
const libsodium = `
import ctypes, sys
lib = ctypes.CDLL("libsodium.so.23")
assert lib.sodium_init() >= 0
out = ctypes.create_string_buffer(128)
password = sys.stdin.buffer.read()
assert lib.crypto_pwhash_str(out, password, ctypes.c_ulonglong(len(password)), ctypes.c_ulonglong(2), ctypes.c_size_t(19456 * 1024)) == 0
print(out.value.decode())
`

// hashes makes the two forms of the password. libcrypt, which vsftpd (by PAM)
// and ProFTPD use, knows no argon2id; its yescrypt with Debian's parameters
// (16 MiB) costs about as much.
func (p *place) hashes() error {
	var err error
	if p.argon2, err = filter(p.password, "/usr/bin/python3", "-c", libsodium); err != nil {
		return err
	}
	salt := "$y$j9T$" + strings.ToLower(rand.Text()[:21]) + "/$"
	p.yescrypt, err = filter(p.password, "perl", "-e", `$p = <STDIN>; print crypt($p, $ARGV[0])`, salt)
	if err == nil && !strings.HasPrefix(p.yescrypt, "$y$") {
		err = errors.New("libcrypt made no yescrypt hash; is this Debian 11 or later?")
	}
	return err
}

// filter runs a program with this input and gives its output.
func filter(input, program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(input)
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", program, err, failure.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

// fetchedVersion reads the version of a Debian package from what install.sh left.
func (p *place) fetchedVersion(pkg string) string {
	text, err := os.ReadFile(filepath.Join(p.fetched, "complete"))
	if err != nil {
		return "unknown"
	}
	for l := range strings.Lines(string(text)) {
		if f := strings.Fields(l); len(f) == 2 && f[0] == pkg {
			return f[1]
		}
	}
	return "unknown"
}

func portRange(from, to int, between string) string {
	return strconv.Itoa(from) + between + strconv.Itoa(to)
}
