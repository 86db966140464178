package ftpserver_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpserver"
	"github.com/sealane/sealane/vfs/memfs"
)

// A server for one account over a tree in memory. TLS is demanded, as nothing says
// otherwise.
func Example() {
	certPEM, keyPEM, err := certs.SelfSigned(certs.Options{Hosts: []string{"localhost"}})
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		log.Fatal(err)
	}
	tree := memfs.From(map[string]string{"/hello.txt": "Hello"})
	srv := &ftpserver.Server{
		Login: func(_ context.Context, c auth.Credentials) (*auth.Grant, error) {
			if c.User != "alice" || c.Password != "correct horse" { // use auth/password for real ones
				return nil, auth.ErrDenied
			}
			return &auth.Grant{Account: "alice", FS: tree}, nil
		},
		TLS: ftpserver.TLSPolicy{
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, nil },
		},
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- srv.Serve(l) }()

	// Until it is time to stop: transfers then finish within the context's time.
	if err := srv.Shutdown(context.Background()); err != nil {
		log.Print(err)
	}
	fmt.Println(errors.Is(<-ended, ftpserver.ErrServerClosed))
	// Output: true
}

// Commands is what docs/protocol.md and HELP are made of.
func ExampleCommands() {
	for _, info := range ftpserver.Commands() {
		if info.Verb == "MDTM" {
			fmt.Println(info.Verb, info.Syntax, "-", info.RFC, info.Features)
		}
	}
	// Output: MDTM path - RFC 3659 §3 [MDTM]
}

// An observer gets all that logs, metrics and audit trails need.
func ExampleEvent() {
	srv := &ftpserver.Server{
		Observe: func(_ context.Context, e ftpserver.Event) {
			if e.Kind == ftpserver.EventTransfer {
				// Path is as the peer sent it: %q keeps it on one line.
				fmt.Printf("%s %q %d bytes: %d\n", e.Verb, e.Path, e.Bytes, e.Reply)
			}
		},
	}
	srv.Observe(context.Background(), ftpserver.Event{Kind: ftpserver.EventTransfer, Verb: "STOR", Path: "/a\nb", Bytes: 12, Reply: 226})
	// Output: STOR "/a\nb" 12 bytes: 226
}
