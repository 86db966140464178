package certs_test

import (
	"crypto/x509"
	"fmt"

	"github.com/sealane/sealane/certs"
)

// A private authority signs what a server asks for, and a client that trusts the
// authority accepts it for its names.
func ExampleCA() {
	caKey, _ := certs.GenerateKey(certs.ECDSAP256)
	ca, err := certs.NewCA(certs.CAOptions{Name: "Example files"}, caKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	serverKey, _ := certs.GenerateKey(certs.ECDSAP256)
	csr, err := certs.NewRequest(certs.IssueOptions{Hosts: []string{"files.example"}}, serverKey)
	if err != nil {
		fmt.Println(err)
		return
	}

	request, err := certs.ParseRequest(csr)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("asks for", request.Hosts, "with", request.Key)
	chain, err := ca.Sign(request, certs.IssueOptions{Purpose: certs.ForServer})
	if err != nil {
		fmt.Println(err)
		return
	}

	roots := x509.NewCertPool()
	roots.AddCert(ca.Chain[0])
	for _, host := range []string{"files.example", "other.example"} {
		r := certs.Inspect(chain, certs.InspectOptions{Host: host, Roots: roots, Key: serverKey})
		fmt.Println(host, "problems:", r.Problems(), "wrong name:", r.Has(certs.WrongName))
	}
	// Output:
	// asks for [files.example] with ECDSA P-256
	// files.example problems: false wrong name: false
	// other.example problems: true wrong name: true
}
