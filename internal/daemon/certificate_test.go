package daemon

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/internal/config"
)

// ECDSA for those who know it, RSA for those who do not, on every kind of connection.
func TestSecondCertificate(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert, key, err := certs.SelfSigned(certs.Options{Hosts: []string{"localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	rsaCert, err := x509.CreateCertificate(rand.Reader, template, template, rsaKey.Public(), rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.TLS = config.TLSConfig{
		Cert: file("ec.crt", cert), Key: file("ec.key", key),
		SecondCert: file("rsa.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rsaCert})),
		SecondKey:  file("rsa.key", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})),
	}
	d := &daemon{lasting: &lasting{}, config: c, log: slog.New(slog.DiscardHandler)}
	if err := d.loadCertificates(nil); err != nil {
		t.Fatal(err)
	}
	for suite, want := range map[uint16]x509.PublicKeyAlgorithm{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: x509.ECDSA, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: x509.RSA,
	} {
		client, server := net.Pipe()
		go tls.Server(server, &tls.Config{GetCertificate: d.certificate}).Handshake()
		conn := tls.Client(client, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}})
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		if got := conn.ConnectionState().PeerCertificates[0].PublicKeyAlgorithm; got != want {
			t.Errorf("%s: got a certificate with %v, want %v", tls.CipherSuiteName(suite), got, want)
		}
		client.Close()
		server.Close()
	}
}
