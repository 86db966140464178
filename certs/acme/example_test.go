package acme_test

import (
	"crypto/tls"
	"fmt"

	"github.com/sealane/sealane/certs/acme"
)

// A server that gets its own certificate. Start would now ask Let's Encrypt.
func Example() {
	m, err := acme.New(acme.Options{
		Names:      []string{"ftp.example.org"},
		Agreed:     true,
		Storage:    "/var/lib/sealane/acme",
		Challenges: []acme.Challenge{acme.HTTP01},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	_, err = m.GetCertificate(&tls.ClientHelloInfo{ServerName: "ftp.example.org"})
	fmt.Println(err)
	// Output: acme: no certificate yet
}
