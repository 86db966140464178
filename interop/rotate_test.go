//go:build interop

package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealane/sealane/certs"
)

// pairFiles is the files of a server's certificate and key, which are replaced.
type pairFiles struct {
	ca        *certs.CA
	cert, key string
}

// renew puts another certificate with another key in place, one file after the other, as
// programs do that renew certificates.
func (p pairFiles) renew(t *testing.T) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := p.ca.Issue(certs.IssueOptions{Hosts: []string{"127.0.0.1"}}, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	text, err := certs.EncodeKey(key)
	if err == nil {
		err = errors.Join(certs.WriteFile(p.key, text, 0o600, true), certs.WriteFile(p.cert, certs.EncodeCertificates(chain...), 0o644, true))
	}
	if err != nil {
		t.Fatal(err)
	}
	return chain[0]
}

// T-10: certificate and key are replaced 50 times while curl transfers 200 files and more
// through the running program, each in a session of its own that checks the
// certificate. No transfer fails, and new sessions see each new leaf.
func TestT10RotationWhileServing(t *testing.T) {
	const rotations, transfers, workers = 50, 200, 4
	dir := t.TempDir()
	pair := pairFiles{newClientCA(t), filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")}
	pair.renew(t)
	ca := pemFile(t, "CERTIFICATE", pair.ca.Chain[0].Raw)
	s := serve(t, "--cert", pair.cert, "--key", pair.key)
	file := filepath.Join(dir, "file")
	sample(t, file, 256*kib)

	var rotated atomic.Bool
	var done atomic.Int64
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			url := "ftp://" + net.JoinHostPort(s.host, strconv.Itoa(s.explicit)) + "/" + strconv.Itoa(i)
			for !rotated.Load() || done.Load() < transfers {
				for _, way := range [][]string{{"-T", file}, {"-o", filepath.Join(dir, strconv.Itoa(i))}} {
					args := append([]string{"-sS", "--ssl-reqd", "--cacert", ca, "-u", user + ":" + s.password, url}, way...)
					if _, err := command(t, time.Minute, nil, "", "curl", args...); err != nil {
						t.Errorf("transfer: %v", err)
						return
					}
					done.Add(1)
				}
			}
		})
	}
	roots := x509.NewCertPool()
	roots.AddCert(pair.ca.Chain[0])
	var slowest time.Duration
	for n := range rotations {
		leaf := pair.renew(t)
		begun := time.Now()
		eventually(t, "leaf "+strconv.Itoa(n+1), func() bool {
			conn, err := tls.Dial("tcp", net.JoinHostPort(s.host, strconv.Itoa(s.implicit)), &tls.Config{RootCAs: roots})
			if err != nil {
				t.Errorf("a new session: %v", err)
				return true
			}
			defer conn.Close()
			return conn.ConnectionState().PeerCertificates[0].Equal(leaf)
		})
		slowest = max(slowest, time.Since(begun))
	}
	rotated.Store(true)
	all.Wait()
	t.Logf("%d transfers during %d rotations; the slowest was seen after %s", done.Load(), rotations, slowest.Round(time.Millisecond))
	eventually(t, "the log tells of each change", func() bool {
		return strings.Count(s.output.String(), "certificate changed") >= rotations
	})
}
